"""May each kind of process do its own work in the database, and nothing else?

That all of them together make a cluster that works is shown by the tests of the cluster, whose
processes log in so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL

from domain.access import DEVELOPMENT
from domain.jobs import JobState
from domain.streams import REGISTRY
from infra.access.grants import LoggedGrants
from infra.analysts.logins import REMOVE_ALL, add, listed
from infra.compose.access import noting_reads
from infra.compose.keys import keeping_keys
from infra.compose.parts import commanding, utc_now
from infra.erasure.known import KnownLearners
from infra.identity.actors import PostgresActors
from infra.issuer.parts import issuer
from infra.log.pages import PostgresPages
from infra.logins import Login, let_in
from infra.pools import async_pool
from infra.settings.fields import Settings
from infra.sign_in.model import Kept
from infra.sign_in.store import BrowserSessions
from infra.stores.jobs import keeping_jobs
from infra.stores.postgres import PostgresStore
from infra.stores.reading import read_pool, reading
from infra.stores.relay import PostgresLead
from infra.web.metrics import Metrics
from read_api.reads import Read, ReadsAsked
from tests.databases import Databases, logged_in
from tests.read_api.world import COURSE, furnish, world

NOW = datetime.now(UTC)
A_FACT = (
    "insert into log.facts (position, recorded_at, version, stream, type, tenant, subject, body)"
    " values (99999, now(), 1, 'main/a/b', 'T', 'main', null, '')"
)
APPEND = "select log.append_one(null, null, null, 'main/a/b', 1, 'T', 'main', null, '', false)"
NOBODY_MAY = (
    "update log.facts set body = ''",
    "delete from log.facts",
    "truncate log.facts",
    "drop table log.facts",
    "alter table log.facts disable trigger facts_append_only",
    "alter table log.facts no force row level security",
    "create policy mine on log.facts using (true)",
    "update log.epoch set name = 'x'",
    "update access_log set actor = 'x'",
    "delete from public.registrar_migrations",
    "select analysts.remove('registrar')",
    "create role mine superuser",
    "create table log.mine (n int)",
)
MAY_NOT = {
    Login.COMMANDS: (
        "select * from readings.state",
        "select * from views.enrolments",
        "select * from access_log",
        "select * from jobs.jobs",
        "select * from issuer.users",
        "update streams.relay set position = 0",
        "insert into evidence.tiles values (0, 0, '')",
    ),
    Login.QUERIES: (
        A_FACT,
        APPEND,
        "insert into log.command_keys values ('k', '', 1, 1, null)",
        "select * from log.command_keys",
        "update readings.state set position = 0",
        "delete from readings.parked",
        "insert into evidence.tiles values (0, 0, '')",
        "select * from analysts.pseudonym_keys",
        "set role registrar_append",
    ),
    Login.WORKERS: (
        A_FACT,
        APPEND,
        "select * from identity.actors",
        "select * from access_log",
        "select * from jobs.jobs",
        "select * from issuer.users",
        "select * from console.sessions",
        "select name from keys.store",
        "insert into evidence.tiles values (0, 0, '')",
        "update streams.relay set position = 0",
        "set role registrar_append",
    ),
    Login.FOLLOWERS: (
        "select * from access_log",
        "select * from jobs.pieces",
        "select * from issuer.sessions",
        "select * from console.sessions",
        "update identity.actors set actor = 'x'",
        "update streams.relay set position = 0",
    ),
    Login.RELAYS: (
        A_FACT,
        APPEND,
        "select * from readings.state",
        "select * from identity.actors",
        "select name from keys.store",
        "insert into evidence.tiles values (0, 0, '')",
        "set role registrar_run",
    ),
}


@pytest.fixture(scope="module")
def owned(databases_18: Databases) -> Iterator[str]:
    """The owner's address of a registrar's database, after it has run."""
    with databases_18.fresh() as dsn:
        with world(dsn) as one:
            furnish(one)
            one.get("runs")
        yield dsn


@pytest.mark.parametrize("login", Login)
def test_no_login_may_do_what_is_not_its_own(owned: str, login: Login) -> None:
    """Facts are changed by nobody but their owner; they are added by who decides or follows."""
    statements = [*NOBODY_MAY, *MAY_NOT[login]]
    if login is Login.FOLLOWERS:
        statements.remove("select analysts.remove('registrar')")  # tried below
    with psycopg.connect(logged_in(owned, login), autocommit=True) as connection:
        done = [statement for statement in statements if _may(connection, statement)]
        assert done == []
        facts = connection.execute("select count(*) from log.facts").fetchone()
        assert facts is not None
        assert (facts[0] > 0) is (login is not Login.QUERIES), "whoever asks names a tenant"


def test_no_login_is_mighty(owned: str) -> None:
    """None passes row-level security by, makes roles, or owns a table but those read into."""
    let_in(owned)
    names = [one.value for one in Login]
    with psycopg.connect(owned) as connection:
        assert connection.execute(
            "select count(*), bool_or(rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)"
            " from pg_roles where rolname = any(%s)",
            (names,),
        ).fetchone() == (len(Login), False)
        changed = connection.execute(
            "select l, c.oid::regclass from unnest(%s::text[]) l, pg_class c"
            " where c.relnamespace = 'log'::regnamespace and c.relkind = 'r'"
            " and c.relname in ('facts', 'tags', 'epoch')"
            " and has_table_privilege(l, c.oid, 'update, delete, truncate, trigger, references')",
            (names,),
        ).fetchall()
        assert changed == []
        owners = connection.execute(
            "select distinct n.nspname::text, pg_get_userbyid(c.relowner)::text from pg_class c"
            " join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'v')"
            " and pg_get_userbyid(c.relowner) <> 'registrar' and n.nspname !~ '^pg_'"
        ).fetchall()
    assert set(owners) == {
        ("readings", "registrar_run"),
        ("views", "registrar_run"),
        ("analytics", "registrar_analytics"),
    }


def test_followers_drop_logins_of_analysts_and_no_others(owned: str) -> None:
    """As the erasure of a tenant does: those that are in the table of analysts."""
    name = "leaves"
    login, _ = add(owned, name, "main")
    with psycopg.connect(logged_in(owned, Login.FOLLOWERS), autocommit=True) as connection:
        gone = connection.execute("select analysts.remove('registrar_queries')").fetchone()
        assert gone == (False,)
        assert connection.execute(REMOVE_ALL, ("other",)).rowcount == 0
        assert [one.login for one in listed(owned)] == [login]
        assert connection.execute(REMOVE_ALL, ("main",)).rowcount == 1
    assert listed(owned) == []


def test_the_command_api_appends_and_knows_who_sends(owned: str, tmp_path: Path) -> None:
    """Under its own login: facts, keys of commands, pseudonyms of people, and what they may."""
    dsn = logged_in(owned, Login.COMMANDS)

    async def test(settings: Settings) -> None:
        async with (
            keeping_keys(settings, dsn) as keys,
            commanding(dsn, keys, Metrics()) as commands,
        ):
            head = await commands.log.head()
            one = b'{"name":"create-course","key":"k1","body":{"course":"LOG","title":"L"}}'
            body = b'{"commands":[%s]}' % one
            answer = await commands.batch(body)
            assert b"recorded" in answer, answer
            assert await commands.log.head() == head + 1
            assert b"replayed" in await commands.batch(body), "the key is known"
            with closing(KnownLearners(dsn, keys)) as known:
                assert await known.of("main", ["s1", "nobody"]) == {"s1"}
        await _people(dsn)

    asyncio.run(_with_keys(owned, tmp_path, test))


def test_the_query_api_reads_its_tenant_and_keeps_its_own(owned: str, tmp_path: Path) -> None:
    """Under its own login: views, how the readings do, jobs with their links, the log of reads,
    who is signed in, and the issuer inside."""
    dsn = logged_in(owned, Login.QUERIES)

    async def test(settings: Settings) -> None:
        async with keeping_keys(settings, dsn), read_pool(dsn, 1) as pool:
            for tenant, courses in (("main", 1), ("other", 0), (None, 0)):
                async with reading(pool, tenant) as connection:
                    found = await connection.execute(
                        "select count(*) as n from views.courses where course = %s",
                        (COURSE["course"],),
                    )
                    assert (await found.fetchone() or {})["n"] == courses
        with closing(PostgresStore(dsn)) as store:
            assert {one.state for one in store.status()} <= {"live", "catching-up", "stalled"}
            assert any(one.name == "sealer" for one in store.followers())
            assert store.due().failing == 0
            assert {one.head for one in store.status()} != {0}
        await _people(dsn)
        await _jobs(dsn)
        await _reads(dsn)
        await _signed_in(dsn, tmp_path)

    asyncio.run(_with_keys(owned, tmp_path, test))


def test_workers_write_what_is_read_and_relays_move_their_place(owned: str) -> None:
    """Each under its own login; the tables that one makes are all others' too."""
    with (
        closing(PostgresStore(logged_in(owned, Login.WORKERS))) as worker,
        closing(PostgresStore(logged_in(owned, Login.FOLLOWERS))) as follower,
    ):
        assert worker.states() == follower.states() != []
        request = follower.ask("catalogue", "retry")
        worker.done(request, "tried")
        assert follower.result(request) == "tried"
        assert worker.followers()

    async def relays() -> None:
        dsn = logged_in(owned, Login.RELAYS)
        lead, pages = PostgresLead(dsn), PostgresPages(dsn)
        try:
            assert await lead.take()
            head = await lead.check()
            assert await lead.begin("packs", head.epoch) == 0
            await lead.move("packs", head.epoch, head.position)
        finally:
            await pages.close()
            await lead.close()

    asyncio.run(relays())


def _may(connection: psycopg.Connection, statement: str) -> bool:
    try:
        connection.execute(SQL(statement))
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


async def _with_keys(owned: str, folder: Path, test: Callable[[Settings], Awaitable[None]]) -> None:
    """Do something with keys of this log, which any process may be the first to have."""
    with psycopg.connect(owned) as connection:
        connection.execute("delete from keys.store")
    await test(Settings(data=str(folder), access="off"))


async def _people(dsn: str) -> None:
    async with async_pool(dsn, 1, autocommit=True) as pool:
        actors = PostgresActors(pool, b"secret" * 6)
        one = await actors.of("main", "https://id.example.org", "ada")
        assert await actors.of("main", "https://id.example.org", "ada") == one
        granted = await LoggedGrants(pool, REGISTRY, utc_now).of("main", one)
        assert not granted.roles


async def _jobs(dsn: str) -> None:
    async with keeping_jobs(dsn) as jobs:
        job = await jobs.ask("subject-access", "s1", DEVELOPMENT, b"{}", "application/zip")
        assert job is not None
        claimed = await jobs.claim(["subject-access"])
        assert claimed is not None
        assert await jobs.put(claimed, 0, b"piece")
        assert await jobs.end(claimed)
        assert await jobs.link(claimed, b"d" * 32, 60) is not None
        linked = await jobs.linked(b"d" * 32)
        assert linked is not None
        assert linked.state is JobState.DONE
        assert [piece async for piece in jobs.result(linked)] == [b"piece"]
        await jobs.tidy()
        await jobs.drop(linked)


async def _reads(dsn: str) -> None:
    async with noting_reads(dsn) as reads:
        await reads.note(Read("main", "a", "c", "p", "/v1/x", "s1", None, "r1"))
        found = await reads.find(ReadsAsked("main", subject="s1"), 10)
        assert "r1" in [one.request_id for one in found]
        await reads.forget()


async def _signed_in(dsn: str, folder: Path) -> None:
    later = NOW + timedelta(hours=1)
    async with async_pool(dsn, 1) as pool:
        sessions = BrowserSessions(pool)
        await sessions.begin(Kept(b"d" * 32, "i", "s", b"sealed", later, NOW, later))
        await sessions.end_all("i", "s")
    async with issuer("http://127.0.0.1:8000", dsn, folder) as one:
        assert not await one.users.any()
        user = await one.users.add("ada", "main", ["auditor"], "x")
        assert await one.users.known(user) is not None
        await one.users.set_disabled(user, disabled=True)
