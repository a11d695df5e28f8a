"""Does a file of a tenant, or of a learner, hold that tenant's facts and no other's?"""

from __future__ import annotations

import io
from typing import Any

import msgspec
import psycopg
import pytest

from domain.evidence.verifying import Rejected, Verified, verify
from infra.evidence.exporting import export
from infra.evidence.keys import check
from tests.server import eventually
from tests.tenants.conftest import SECRET, Two


def positions(dsn: str, tenant: str, subject: str | None = None) -> list[int]:
    """Where the log speaks of a tenant, or of a learner of it."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select position from log.facts where tenant = %s"
            " and (%s::text is null or subject = %s) order by position",
            (tenant, subject, subject),
        ).fetchall()
    return [position for (position,) in rows]


def sealed(dsn: str) -> bool:
    """Whether all there is was signed."""
    with psycopg.connect(dsn) as connection:
        row: Any = connection.execute(
            "select (select max(position) from log.facts) <= (select size from evidence.sealed)"
        ).fetchone()
    return bool(row[0])


def exported(two: Two, tenant: str, subject: str | None = None) -> bytes:
    eventually(lambda: sealed(two.dsn), 20, "the seal of all facts")
    out = io.BytesIO()
    export(two.dsn, out, tenant, subject, lambda *_: None)
    return out.getvalue()


def verified(file: bytes) -> Verified:
    return verify(io.BytesIO(file), [], check)


@pytest.mark.parametrize("subject", [None, "s1"])
@pytest.mark.parametrize("tenant", ["main", "other"])
def test_a_file_holds_the_facts_of_one_tenant(two: Two, tenant: str, subject: str | None) -> None:
    """Though both have a learner of that name; each fact is proven by itself."""
    file = exported(two, tenant, subject)
    found = verified(file)
    entries = [msgspec.json.decode(line) for line in file.splitlines()[1:]]
    assert [one["position"] for one in entries] == positions(two.dsn, tenant, subject)
    assert (found.tenant, found.subject, found.facts) == (tenant, subject, len(entries))
    assert (SECRET.encode() in file) == (tenant == "main" and subject is None)


def test_facts_of_another_tenant_do_not_pass_as_its_own(two: Two) -> None:
    """Though they are in the log, and about a learner of the same name."""
    ours, theirs = exported(two, "main", "s1"), exported(two, "other", "s1")
    head, *lines = theirs.splitlines(keepends=True)
    with pytest.raises(Rejected, match="not of the tenant other"):
        verified(b"".join([head, ours.splitlines(keepends=True)[1], *lines[1:]]))
