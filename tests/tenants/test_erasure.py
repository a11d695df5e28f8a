"""What stands of a tenant after it was erased, and of the others?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from domain.evidence.notes import parse_key
from domain.streams import REGISTRY
from infra.access.grants import LoggedGrants
from infra.analysts.logins import add, listed
from infra.compose.parts import utc_now
from infra.evidence.auditing import audit
from infra.identity.errors import WrongToken
from infra.pools import async_pool
from tests.databases import Databases
from tests.read_api.world import IN_RUN, World, furnish, world
from tests.server import eventually
from tests.tenants.conftest import THEIRS
from tests.tenants.test_exports import sealed

SECONDS_MAX = 60
REASON = "Moved to Zanzibar"
ERASE = {"tenant": "other", "ground": "no-longer-necessary"}
HOLD = {"subject": "s2", "hold": "case-1", "ground": "legal-claim"}


class Erased:
    """Two tenants with learners of the same ids, before the second was erased and after."""

    def __init__(self, ours: World, dsn: str) -> None:
        self.ours, self.dsn = ours, dsn
        self.theirs = ours.asked_by(THEIRS)
        for one in (self.ours, self.theirs):
            furnish(one)
            one.command("withdraw-learner", **IN_RUN, subject="s2", reason=REASON)
        execute(
            dsn,
            "insert into identity.actors (tenant, person, actor)"
            " select t, sha256(t::bytea), 'staff' from unnest(array['main', 'other']) t",
        )
        self.analyst = f"erased_{os.getpid()}"
        add(dsn, self.analyst, "other")
        self.theirs.command("place-legal-hold", **HOLD)
        self.ours.command("erase-tenant", **ERASE)
        self.held = self.until("erasure on hold")
        self.theirs.command("lift-legal-hold", subject="s2", hold="case-1")
        self.before = self.told()
        self.rows = ours_rows(dsn)
        self.ours.command("erase-tenant", **ERASE)
        self.done = self.until("erased")

    def until(self, status: str) -> dict[str, Any]:
        """Wait until the tenant's erasure stands so, and return what is told of it."""

        def found() -> dict[str, Any] | None:
            told = self.ours.get("tenants/other/erasure")
            return told if told["status"] == status else None

        answer: dict[str, Any] = eventually(found, SECONDS_MAX, status)
        return answer

    def told(self) -> list[dict[str, Any]]:
        """What is told of the first tenant's learners."""
        found = [self.ours.get(f"enrolments/AAA-2013J/{one}") for one in ("s1", "s2")]
        for each in found:
            del each["as_of"]
        return found


def execute(dsn: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        cursor = connection.execute(statement)  # type: ignore[call-overload]
        return cursor.fetchall() if cursor.description else []


def ours_rows(dsn: str) -> list[tuple[Any, ...]]:
    """A checksum over what the first tenant has, but for what is told of tenants."""
    return execute(
        dsn,
        "select md5(string_agg(position || md5(body), ',' order by position)) from log.facts"
        " where tenant = 'main' and stream not like 'main/tenant/%'",
    )


@pytest.fixture(scope="module")
def erased(databases_18: Databases) -> Iterator[Erased]:
    with databases_18.fresh() as dsn, world(dsn) as ours:
        yield Erased(ours, dsn)


def test_legal_holds_stop_it_and_it_is_said_who_is_held(erased: Erased) -> None:
    """Nothing was erased then."""
    assert erased.held["held"] == [{"subject": "s2", "holds": ["case-1"]}]
    steps = [one["step"] for one in erased.done["steps"]]
    assert steps == [
        "TenantErasureRequested",
        "TenantErasureHeld",
        "TenantErasureRequested",
        "TenantErasureBegun",
        "TenantLearnersErased",
        "TenantErased",
    ]


def test_every_learner_is_erased_by_the_steps_of_each(erased: Erased) -> None:
    """Keys, the search, what leads to people, and logins; facts stay, and open no more."""
    assert erased.done["learners"] == 2
    keys = erased.ours.registrar.keys
    assert list(keys.subjects("other")) == []
    assert [one.subject for one in keys.erased(("other", "")) if one.tenant == "other"] == [
        "s1",
        "s2",
    ]
    removed = {one["place"]: one["removed"] for one in erased.done["receipts"]}
    assert removed["identity.actors"] == removed["logins of analysts"] == 1
    assert listed(erased.dsn) == []
    told = erased.theirs.get("enrolments/AAA-2013J/s1")
    assert told["demographics"] == {"value": None, "erased": True}
    assert erased.theirs.get("search", q="s1", kind="learner")["hits"] == []


def test_other_tenants_are_untouched(erased: Erased) -> None:
    """Though their learners have the same ids: facts byte by byte, and what they open to."""
    assert ours_rows(erased.dsn) == erased.rows
    assert erased.told() == erased.before
    assert erased.before[0]["demographics"]["value"] == {"gender": "F", "region": "Wales"}
    assert list(erased.ours.registrar.keys.subjects("main")) == ["s1", "s2"]
    assert execute(erased.dsn, "select tenant from identity.actors") == [("main",)]
    assert erased.ours.get("search", q="s1", kind="learner")["hits"]


def test_every_proof_stays_valid(erased: Erased) -> None:
    """The tree is recomputed from the table, and is what was signed."""
    eventually(lambda: sealed(erased.dsn), SECONDS_MAX, "the seal of all facts")
    ((keys,),) = execute(erased.dsn, "select keys from evidence.sealed")
    known = [parse_key(key) for key in keys.splitlines()]
    found = audit(erased.dsn, known, None, (), lambda *_: None)
    assert found.findings == []


def test_nobody_is_let_in_any_more(erased: Erased) -> None:
    """A token of the tenant is believed no more; one of another is."""

    async def of(tenant: str) -> None:
        async with async_pool(erased.dsn, 1, autocommit=True) as pool:
            await LoggedGrants(pool, REGISTRY, utc_now).of(tenant, "s1")

    erased.ours.run(of("main"))
    with pytest.raises(WrongToken, match="erased"):
        erased.ours.run(of("other"))
