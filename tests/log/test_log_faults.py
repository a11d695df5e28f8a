"""What does the log in PostgreSQL do when the server or the connection fails?"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time

import psycopg
import pytest

from commands.ports import Appended, LogUnavailable, Lost, Outcome
from infra.log.postgres import PostgresLog
from infra.log.reader import PostgresLogReader
from projections.ports import StoreUnavailable
from tests.databases import Databases
from tests.evidence.logs import tamper
from tests.log.facts import REGISTRY, append, fact, name, run
from tests.log.proxy import proxied

WAITING_SECONDS_MAX = 20.0


@pytest.mark.parametrize("writers", [1, 2, 300])
def test_a_reply_that_is_cut_after_the_commit_changes_nothing(dsn: str, writers: int) -> None:
    """What landed is reported as recorded, once, and is never called a conflict."""

    async def test() -> None:
        async with proxied(dsn) as (proxy, through), PostgresLog(through, REGISTRY) as log:
            for turn in range(1, 4):
                proxy.cut_replies = True
                outcomes = await asyncio.gather(
                    *(log.submit(append(fact(f"w{n}", turn))) for n in range(writers))
                )
                assert all(isinstance(outcome, Appended) for outcome in outcomes)
                assert proxy.cuts == turn
            assert await log.head() == 3 * writers
            places = [o.first_position for o in outcomes if isinstance(o, Appended)]
            stored = [e.position for e in await log.read_from(1, 10_000) if e.version == 3]
            assert sorted(places) == stored

    run(test())


def test_chains_and_keys_outlive_a_cut(dsn: str) -> None:
    """Followers and keyed requests of the batch whose reply was cut are told the truth too."""

    async def test() -> None:
        async with proxied(dsn) as (proxy, through), PostgresLog(through, REGISTRY) as log:
            # After a batch of several, the next requests gather again before they are sent.
            await asyncio.gather(*(log.submit(append(fact(s, 1))) for s in ("x", "moved", "y")))
            proxy.cut_replies = True
            first = log.submit(append(fact("a", 1), key="k"))
            second = log.submit(append(fact("a", 2)), after=[first])
            loser = log.submit(append(fact("b", 1), reads=[("moved", 0)]))
            its_follower = log.submit(append(fact("c", 1)), after=[loser])
            outcomes = await asyncio.gather(first, second, loser, its_follower)
            assert [type(outcome).__name__ for outcome in outcomes] == [
                "Appended", "Appended", "Lost", "Lost",
            ]  # fmt: skip
            assert proxy.cuts == 1
            assert await log.head() == 5
            assert (await log.find_keys(["k"]))["k"].first_position == 4

    run(test())


def test_a_request_that_never_arrived_is_sent_again(dsn: str) -> None:
    """A batch that was cut on its way to the server is recorded once, after reconnecting."""

    async def test() -> None:
        async with proxied(dsn) as (proxy, through), PostgresLog(through, REGISTRY) as log:
            proxy.cut_requests = True
            outcomes = await asyncio.gather(
                *(log.submit(append(fact(f"w{n}", 1))) for n in range(10))
            )
            assert all(isinstance(outcome, Appended) for outcome in outcomes)
            assert proxy.cuts == 1
            assert await log.head() == 10
            assert isinstance(await log.submit(append(fact("alone", 1))), Appended)
            proxy.cut_requests = True  # of the first; the second waits for its reply
            first, second = await asyncio.gather(
                log.submit(append(fact("first", 1))), log.submit(append(fact("second", 1)))
            )
            assert isinstance(first, Appended)
            assert isinstance(second, Appended)
            assert (first.first_position, second.first_position) == (12, 13)

    run(test())


def test_what_is_known_of_a_log_is_forgotten_with_its_session(dsn: str) -> None:
    """An old backup may answer then: a version that it lacks is not taken to be there."""

    async def test() -> None:
        async with PostgresLog(dsn, REGISTRY) as log:
            for version in (1, 2):
                assert isinstance(await log.submit(append(fact("a", version))), Appended)
            tamper(dsn, "delete from log.facts where version = 2")
            with psycopg.connect(dsn) as connection:
                connection.execute(
                    "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                    " where datname = current_database() and application_name like '%appender'"
                )
            assert await log.submit(append(fact("a", 3))) == Lost((name("a"),))
            assert await log.head() == 1

    run(test())


def test_a_hold_that_was_not_given_spoils_no_later_one(dsn: str) -> None:
    """Others held the stream for too long; the session that waited for it is not used again."""

    async def test() -> None:
        async def hold(log: PostgresLog) -> Outcome:
            async with log.exclusive(name("hot")) as held:
                return (await held.append([append(fact("hot", 1))]))[0]

        async with (
            PostgresLog(dsn, REGISTRY) as log,
            PostgresLog(dsn, REGISTRY) as other,
            await psycopg.AsyncConnection.connect(dsn, autocommit=True) as observer,
        ):
            async with other.exclusive(name("hot")):
                refused = asyncio.create_task(hold(log))
                for pid in await waiting(observer):
                    await observer.execute("select pg_cancel_backend(%s)", (pid,))
                with pytest.raises(LogUnavailable):
                    await refused
            assert isinstance(await hold(log), Appended)

    run(test())


def test_a_held_append_that_is_cut_after_the_commit_is_reported_as_recorded(dsn: str) -> None:
    """Holding a stream gives the same promise."""

    async def test() -> None:
        async with proxied(dsn) as (proxy, through), PostgresLog(through, REGISTRY) as log:
            async with log.exclusive(name("hot")) as held:
                proxy.cut_replies = True
                outcomes = await held.append([append(fact("hot", 1)), append(fact("hot", 2))])
            assert all(isinstance(outcome, Appended) for outcome in outcomes)
            assert await log.head() == 2
            async with log.exclusive(name("hot")) as held:
                assert len(await held.read(0)) == 2

    run(test())


def test_a_version_that_somebody_else_took_is_not_taken_for_ours(dsn: str) -> None:
    """The reply that was lost said so; alone, among others, and while the stream is held."""

    async def test() -> None:
        async with (
            proxied(dsn) as (proxy, through),
            PostgresLog(through, REGISTRY) as log,
            PostgresLog(dsn, REGISTRY) as other,
        ):
            for taken in ("a", "b", "c"):
                assert isinstance(await other.submit(append(fact(taken, 1))), Appended)
            proxy.cut_replies = True
            assert await log.submit(append(fact("a", 1))) == Lost((name("a"),))
            # After a batch of several, the next requests gather again before they are sent.
            await asyncio.gather(*(log.submit(append(fact(s, 1))) for s in ("x", "y", "z")))
            proxy.cut_replies = True
            won, lost = await asyncio.gather(
                log.submit(append(fact("won", 1))), log.submit(append(fact("b", 1)))
            )
            assert (type(won), lost) == (Appended, Lost((name("b"),)))
            async with log.exclusive(name("c")) as held:
                proxy.cut_replies = True
                (outcome,) = await held.append([append(fact("c", 1))])
            assert isinstance(outcome, Lost)
            assert proxy.cuts == 3
            assert await log.head() == 7

    run(test())


async def waiting(observer: psycopg.AsyncConnection) -> set[int]:
    """Wait until sessions wait for the log's lock, and return which do."""
    async with asyncio.timeout(WAITING_SECONDS_MAX):
        while True:
            cursor = await observer.execute(
                "select l.pid from pg_locks l join pg_database d on d.oid = l.database"
                " where not l.granted and d.datname = current_database()"
            )
            if found := {pid for (pid,) in await cursor.fetchall()}:
                return found
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("count", "versions"), [(8, 25), (200, 10)])
def test_many_cuts_lose_and_double_nothing(dsn: str, count: int, versions: int) -> None:
    """Under a connection that breaks again and again, what is acknowledged stands once; also
    with so many writers that two batches are under way at once."""

    async def test() -> None:
        acknowledged: list[tuple[str, int, int]] = []

        async def write(log: PostgresLog, writer: str) -> None:
            for version in range(1, versions + 1):
                outcome: Outcome = await log.submit(append(fact(writer, version)))
                assert isinstance(outcome, Appended)
                acknowledged.append((name(writer), version, outcome.first_position))

        async with proxied(dsn) as (proxy, through), PostgresLog(through, REGISTRY) as log:
            writers = [asyncio.create_task(write(log, f"w{n}")) for n in range(count)]
            while not all(writer.done() for writer in writers):
                if len(acknowledged) // (count * versions // 10) > proxy.cuts:
                    proxy.cut_replies, proxy.cut_requests = proxy.cuts % 2 == 0, proxy.cuts % 2 == 1
                await asyncio.sleep(0)
            await asyncio.gather(*writers)
            assert proxy.cuts >= 5
            stored = [(e.stream, e.version, e.position) for e in await log.read_from(1, 10_000)]
            assert sorted(stored) == sorted(acknowledged)

    run(test())


def test_a_server_that_is_gone_is_unavailable_and_comes_back(databases_18: Databases) -> None:
    """kill -9 of the server: LogUnavailable within seconds, and recovery by itself."""

    async def test(dsn: str) -> None:
        server = databases_18.server
        reader = PostgresLogReader(dsn)
        async with PostgresLog(dsn, REGISTRY) as log:
            assert isinstance(await log.submit(append(fact("a", 1))), Appended)
            assert reader.head()[0] == 1
            pid = server.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            began = time.monotonic()
            acknowledged = 1
            answer: object = None
            while not isinstance(answer, LogUnavailable):  # its sessions outlive it by an instant
                request = append(fact("a", acknowledged + 1))
                (answer,) = await asyncio.gather(log.submit(request), return_exceptions=True)
                acknowledged += isinstance(answer, Appended)
            assert time.monotonic() - began < 15
            submitted = [log.submit(append(fact(f"w{n}", 1))) for n in range(10)]
            read = log.read_streams({name("a"): 0})
            answers = await asyncio.gather(*submitted, read, return_exceptions=True)
            assert all(isinstance(answer, LogUnavailable) for answer in answers)
            with pytest.raises(StoreUnavailable):
                reader.head()
            assert not await asyncio.to_thread(reader.wait, acknowledged, 0.1)
            await asyncio.to_thread(server.start)
            deadline = time.monotonic() + 20
            outcome: Outcome | None = None
            while outcome is None:
                assert time.monotonic() < deadline
                with contextlib.suppress(LogUnavailable):
                    outcome = await log.submit(append(fact("b", 1)))
            assert outcome == Appended(acknowledged + 1, outcome.recorded_at)  # type: ignore[union-attr]
            assert await asyncio.to_thread(reader.wait, acknowledged, 10.0)
            reader.close()

    with databases_18.fresh() as dsn:
        run(test(dsn))


HOLDER = """
import sys, time, psycopg
connection = psycopg.connect(sys.argv[1])
connection.execute(sys.argv[2])
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(
    "lock",
    ["select pg_advisory_xact_lock(7236001)",
     "select pg_advisory_xact_lock(hashtextextended('main/note/hot', 0))"],
    ids=["append lock", "stream lock"],
)  # fmt: skip
def test_a_lock_holder_that_is_killed_frees_the_lock(dsn: str, lock: str) -> None:
    """Another process dies while it appends, or while it holds a stream: the next goes on."""

    async def test() -> None:
        async with PostgresLog(dsn, REGISTRY) as log:
            holder = await asyncio.create_subprocess_exec(
                sys.executable, "-c", HOLDER, dsn, lock, stdout=asyncio.subprocess.PIPE
            )
            try:
                assert holder.stdout is not None
                assert await holder.stdout.readline() == b"held\n"

                async def through_hold() -> Outcome:
                    async with log.exclusive(name("hot")) as held:
                        return (await held.append([append(fact("hot", 1))]))[0]

                waiting = asyncio.create_task(through_hold())
                done, _ = await asyncio.wait([waiting], timeout=0.3)
                assert not done
            finally:
                holder.kill()
                await holder.wait()
            assert isinstance(await waiting, Appended)

    run(test())


def test_the_log_cannot_be_appended_to_under_another_isolation(dsn: str) -> None:
    """Under a snapshot that is older than the lock, positions would collide: it is refused."""
    with psycopg.connect(dsn) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with pytest.raises(psycopg.errors.RaiseException, match="read committed"):
            connection.execute(
                "select * from log.append_one(null, null, null, 'main/note/a', 1, 'Noted', 'main',"
                " null, '{}'::bytea, false)"
            )
