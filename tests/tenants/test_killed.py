"""Is a tenant forgotten once, and stays forgotten, whatever happens to the server and its disk?"""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from msgspec.structs import replace

from domain.access import DEVELOPMENT
from infra.compose.keys import key_store
from infra.engines.postgres import Postgres
from infra.migrations import migrate
from infra.settings.fields import Settings
from tests.read_api.world import COURSE, RUN, world
from tests.server import Server, eventually, running

NORTH = replace(DEVELOPMENT, tenant="north", actor="north-developer")
LEARNERS = [f"n{number}" for number in range(1, 7)]
HELD = LEARNERS[1]
ERASE = {"tenant": "north", "ground": "no-longer-necessary"}
MIDDLE_SECONDS_MAX, ERASED_SECONDS_MAX = 30.0, 60.0
STEPS = [
    "TenantErasureRequested",
    "TenantErasureBegun",
    "TenantLearnersErased",
    "TenantErased",
]


def test_a_tenants_erasure_survives_a_kill_and_a_restored_backup(folder: Path) -> None:
    """A server that is killed in the middle goes on where it was: every learner is erased, each
    step once. An old backup, with a legal hold that was lifted later, is erased anew before it is
    served from."""
    data = folder / "data"
    with Postgres(data / "postgres") as postgres:
        migrate(postgres.dsn)
        seed(postgres.dsn, data)
    copy(data / "postgres", folder / "backup")
    with Postgres(data / "postgres") as postgres, world(postgres.dsn, data) as one:
        one.asked_by(NORTH).command("lift-legal-hold", subject=HELD, hold="case-1")
    with served(data) as (server, dsn):
        assert server.command("erase-tenant", ERASE).status == 201
        eventually(lambda: told(dsn)["KeyDestroyed"], MIDDLE_SECONDS_MAX, "the first key is gone")
        server.kill()
        assert told(dsn)["SubjectErased"] < len(LEARNERS), "it was killed in the middle"
        server.start()
        eventually(lambda: status(server) == "erased", ERASED_SECONDS_MAX, "all is done")
        nothing_is_left(dsn, data)
        assert facts(dsn, "main/tenant/north") == STEPS
        for subject in LEARNERS:
            steps = Counter(facts(dsn, f"north/erasure/{subject}"))
            assert {n for type_, n in steps.items() if "Hold" not in type_} == {1}

    shutil.rmtree(data / "postgres")
    copy(folder / "backup", data / "postgres")
    with Postgres(data / "postgres") as postgres:
        assert told(postgres.dsn).keys().isdisjoint({*STEPS, "SubjectErased"}), "the control"
    with served(data) as (server, dsn):
        assert status(server) == "erased", "from the first answer on"
        nothing_is_left(dsn, data)
        assert facts(dsn, "main/tenant/north") == STEPS


@contextmanager
def served(data: Path) -> Iterator[tuple[Server, str]]:
    """A server that lets everybody in, and its database, which outlives it."""
    with (
        Postgres(data / "postgres") as postgres,
        running(data, "--no-example", environment={"REGISTRAR_ACCESS": "off"}) as server,
    ):
        yield server, postgres.dsn


def seed(dsn: str, data: Path) -> None:
    """Learners of a tenant, one of them under a legal hold, and who they are here."""
    with world(dsn, data) as one:
        north = one.asked_by(NORTH)
        north.command("create-course", **COURSE)
        north.command("schedule-run", **RUN)
        for subject in LEARNERS:
            shown = {"demographics": {"region": "Wales"}}
            north.command("enrol-learner", run=RUN["run"], subject=subject, mode="audit", **shown)
        north.command("place-legal-hold", subject=HELD, hold="case-1", ground="legal-claim")
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "insert into identity.actors (tenant, person, actor)"
            " select 'north', sha256(s::bytea), s from unnest(%s::text[]) s",
            (LEARNERS,),
        )


def nothing_is_left(dsn: str, data: Path) -> None:
    """No key, nobody's pseudonym; and every learner is erased."""
    keys = key_store(Settings(data=str(data)))
    keys.open()
    try:
        assert list(keys.subjects("north")) == []
        assert [one.tenant for one in keys.erased_tenants()] == ["north"]
        assert {one.subject for one in keys.erased() if one.tenant == "north"} == set(LEARNERS)
    finally:
        keys.close()
    assert rows(dsn, "select count(*) from identity.actors where tenant = 'north'") == [(0,)]
    assert told(dsn)["SubjectErased"] == len(LEARNERS)


def facts(dsn: str, stream: str) -> list[str]:
    """The types of the facts on a stream, in order."""
    found = rows(dsn, "select type from log.facts where stream = %s order by version", stream)
    return [type_ for (type_,) in found]


def told(dsn: str) -> Counter[str]:
    """How many facts there are of each type."""
    return Counter(dict(rows(dsn, "select type, count(*)::int from log.facts group by type")))


def status(server: Server) -> str:
    """How the tenant is, by the server."""
    return str(server.get("/v1/tenants/north/erasure").body["status"])


def rows(dsn: str, statement: LiteralString, *values: str) -> list[tuple[Any, ...]]:
    """What a statement finds."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(statement, values).fetchall()


def copy(source: Path, to: Path) -> None:
    """Copy a folder with its owners, as a backup does."""
    subprocess.run(["cp", "-a", source, to], check=True)
