"""Is a log in parts the same log, and can a part lie elsewhere?"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from commands.ports import Appended, Lost
from infra.engines.account import engine_account, let_through
from infra.evidence.auditing import audit
from infra.log.parts import InUse, Part, begin_part
from infra.log.postgres import PostgresLog
from infra.log.reader import PostgresLogReader
from tests.databases import Databases
from tests.evidence.logs import KEY, LEARNERS, add_facts, execute, leaves_of, seal
from tests.log.facts import REGISTRY, append, fact, name, run
from tests.server import eventually

FACTS = 300
SECONDS_MAX = 10.0
SHAPE = """
  select conname, pg_get_constraintdef(oid) from pg_constraint
    where conrelid = 'log.facts'::regclass
  union all select tgname, pg_get_triggerdef(oid) from pg_trigger
    where tgrelid = 'log.facts'::regclass
  union all select indexname, indexdef from pg_indexes where tablename = 'facts'
  order by 1, 2
"""


@pytest.fixture
def parts(dsn: str) -> str:
    """A sealed log in three parts."""
    for _ in range(2):
        add_facts(dsn, FACTS)
        seal(dsn)
        begin_part(dsn)
    add_facts(dsn, FACTS)
    seal(dsn)
    return dsn


def findings(dsn: str) -> list[tuple[str, int]]:
    """What an audit finds."""
    audited = audit(dsn, [KEY.public], None, (), lambda *_: None)
    return [(one.kind, one.position) for one in audited.findings]


@pytest.mark.parametrize("databases", ["databases_18", "databases_15"])
def test_a_part_is_set_apart_and_nothing_else_changes(
    request: pytest.FixtureRequest, databases: str
) -> None:
    """The leaves are the same, and the table is made as it was: keys, indexes, triggers, rights."""
    with request.getfixturevalue(databases).fresh() as dsn:
        _set_apart(dsn)


def _set_apart(dsn: str) -> None:
    add_facts(dsn, FACTS)
    execute(dsn, "grant select on log.facts to pg_monitor, public")
    before, shape = leaves_of(dsn), execute(dsn, SHAPE)
    assert begin_part(dsn) == Part(f"facts_to_{FACTS}", FACTS)
    assert begin_part(dsn) is None
    assert leaves_of(dsn) == before
    assert execute(dsn, "select count(*) from only log.facts") == [(0,)]
    held = execute(dsn, "select has_table_privilege('pg_monitor', 'log.facts', 'select')")
    assert held == [(True,)]
    assert execute(dsn, SHAPE) == shape


def test_appends_and_reads_go_on_over_all_parts(parts: str) -> None:
    """Positions follow, a stream goes on where it was, who read too little loses, and pages cross
    from part to part."""

    async def test() -> None:
        async with PostgresLog(parts, REGISTRY) as log:
            assert await log.head() == 3 * FACTS
            tail = len((await log.read_streams({name("s1"): 0}))[name("s1")])
            assert tail > 2 * FACTS // LEARNERS
            outcomes = await asyncio.gather(
                log.submit(append(fact("s1", tail + 1))),
                log.submit(append(fact("s2", 10_000))),
                log.submit(append(fact("new", 1), reads=[("s1", 3)])),
            )
            assert [type(outcome) for outcome in outcomes] == [Appended, Lost, Lost]
            assert await log.head() == 3 * FACTS + 1

    run(test())
    reader = PostgresLogReader(parts)
    page = reader.page(FACTS - 5, FACTS + 10)
    reader.close()
    assert [row.position for row in page] == list(range(FACTS - 4, 2 * FACTS + 6))


def test_it_is_proven_over_all_parts(parts: str) -> None:
    """An audit takes a log in parts as what was sealed before, and finds what was altered in an old
    one and an old one that is not there."""
    assert findings(parts) == []
    tamper_part = "alter table log.facts_to_300 {} trigger facts_append_only"
    execute(
        parts,
        tamper_part.format("disable"),
        "update log.facts_to_300 set body = 'x' where position = 17",
        tamper_part.format("enable"),
    )
    assert ("altered", 17) in findings(parts)
    execute(parts, "alter table log.facts_to_600 no inherit log.facts")
    assert ("missing", 301) in findings(parts)


def test_no_part_can_be_changed_by_accident(parts: str) -> None:
    """Each is as append-only as the log."""
    for table in ("log.facts", "log.facts_to_300", "log.facts_to_600"):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            execute(parts, f"truncate {table}")


def test_not_while_anybody_is_connected(dsn: str) -> None:
    """What a process read before would not hold."""
    add_facts(dsn, 1)
    with psycopg.connect(dsn) as other:
        pid = other.info.backend_pid
        with pytest.raises(InUse, match="1 sessions"):
            begin_part(dsn)
    eventually(lambda: not lives(dsn, pid), SECONDS_MAX, "the other session has ended")
    assert begin_part(dsn) == Part("facts_to_1", 1)


def lives(dsn: str, pid: int) -> bool:
    """Whether a session is there: it ends a little after its client has left."""
    with psycopg.connect(dsn) as connection:
        found = connection.execute("select from pg_stat_activity where pid = %s", (pid,))
        return found.fetchone() is not None


@pytest.fixture
def shelf(databases_18: Databases) -> Iterator[str]:
    """A tablespace on other storage."""
    folder = Path(tempfile.mkdtemp(prefix="registrar-shelf-"))
    account = engine_account()
    if account is not None:
        let_through(folder / "here", account)
        shutil.chown(folder, account.uid, account.gid)
    with psycopg.connect(databases_18.server.dsn, autocommit=True) as connection:
        connection.execute(f"create tablespace shelf location '{folder}'")  # type: ignore[call-overload]
        yield "shelf"
        connection.execute("drop tablespace shelf")
    shutil.rmtree(folder)


def test_a_part_can_lie_on_other_storage(databases_18: Databases, shelf: str) -> None:
    """And everything is still there, and proven."""
    with databases_18.fresh() as dsn:
        add_facts(dsn, FACTS)
        seal(dsn)
        begin_part(dsn)
        before = leaves_of(dsn)
        execute(dsn, f"alter table log.facts_to_{FACTS} set tablespace {shelf}")
        for (index,) in execute(
            dsn, "select indexname from pg_indexes where tablename = 'facts_to_300'"
        ):
            execute(dsn, f"alter index log.{index} set tablespace {shelf}")
        add_facts(dsn, LEARNERS)
        assert leaves_of(dsn)[:FACTS] == before
        assert findings(dsn) == []
