"""Is whoever waits for a reading woken at once, whichever source tells?"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import NamedTuple

import psycopg
import pytest

from infra.cache.notices import Publisher, RedisSource
from infra.engines.redis import Redis
from infra.log.notices import READINGS, Notices, PostgresSource, Source
from infra.stores.positions import POLL_SECONDS, PostgresPositions
from infra.stores.reading import read_pool
from projections.partitions import partition_of
from tests.cache.conftest import eventually, run
from tests.cluster_engines import running

PARTITIONS = 4


class Told(NamedTuple):
    """A source, and how to tell it that a partition of a reading moved."""

    source: Source
    moved: Callable[[str, int, int], None]


@pytest.fixture(params=["postgres", "redis"])
def told(request: pytest.FixtureRequest, cluster: str) -> Iterator[Told]:
    if request.param == "postgres":
        dsn: str = request.getfixturevalue("dsn")
        with psycopg.connect(dsn, autocommit=True) as connection:

            def moved(name: str, partition: int, position: int) -> None:
                said = f"{name} {partition} {position}"
                connection.execute("select pg_notify('readings', %s)", (said,))

            yield Told(PostgresSource(dsn), moved)
        return
    redis: Redis = request.getfixturevalue("redis_server")
    with publisher(redis.url, cluster) as one:
        yield Told(RedisSource(redis.url, cluster), one.moved)


@contextmanager
def publisher(url: str, cluster: str) -> Iterator[Publisher]:
    one = Publisher(url, cluster)
    try:
        yield one
    finally:
        one.close()


@asynccontextmanager
async def listening(*sources: Source) -> AsyncIterator[Notices]:
    """Notices that are heard from now on."""
    notices = Notices(*sources)
    heard = notices.next(READINGS)
    await notices.open()
    try:
        await asyncio.wait_for(heard.wait(), 10)
        yield notices
    finally:
        await notices.close()


def test_who_waits_is_woken_and_told_how_far(told: Told) -> None:
    async def test() -> None:
        async with listening(told.source) as notices:
            notice = notices.next(READINGS)
            told.moved("progress", 2, 17)
            await asyncio.wait_for(notice.wait(), 5)

            async def reached() -> bool:
                return notices.reached("progress") == {2: 17}

            await eventually(reached, 5)

    run(test())


class Standing:
    """The rows of a reading in four partitions, moved as a worker does."""

    def __init__(self, dsn: str, moved: Callable[[str, int, int], None]) -> None:
        self._dsn = dsn
        self._moved = moved
        with psycopg.connect(dsn) as connection:
            connection.execute(
                "insert into readings.state (name, generation, partition, version, position, live,"
                " epoch) select name, 1, n, 1, 0, true, 'e' from generate_series(0, %s) n,"
                " unnest(array['progress', 'catalogue']) name",
                (PARTITIONS - 1,),
            )

    def move(self, name: str, partition: int, position: int) -> None:
        with psycopg.connect(self._dsn) as connection:
            connection.execute(
                "update readings.state set position = %s where name = %s and partition = %s",
                (position, name, partition),
            )
        self._moved(name, partition, position)


def test_a_wait_ends_with_the_notice_of_its_partition(
    dsn: str, redis_server: Redis, cluster: str
) -> None:
    """A learner's with the learner's partition, a sum's with the slowest, and no sooner."""
    mine = partition_of("s1", PARTITIONS)
    others = [n for n in range(PARTITIONS) if n != mine]

    async def test() -> None:
        source = RedisSource(redis_server.url, cluster)
        with publisher(redis_server.url, cluster) as one:
            standing = Standing(dsn, one.moved)
            async with listening(source) as notices, read_pool(dsn, 4) as pool:
                positions = PostgresPositions(pool, notices)

                def waiting(name: str, subject: str | None) -> asyncio.Task[int]:
                    return asyncio.create_task(positions.wait([name], 5, 20, subject))

                learner, everybody = waiting("progress", "s1"), waiting("progress", None)
                shared = waiting("catalogue", "s1")
                for partition in others:
                    await asyncio.to_thread(standing.move, "progress", partition, 7)
                await asyncio.sleep(2 * POLL_SECONDS)
                assert not learner.done()
                assert not everybody.done()
                await asyncio.to_thread(standing.move, "progress", mine, 5)
                assert await asyncio.wait_for(learner, 5) == 5
                assert await asyncio.wait_for(everybody, 5) == 5
                assert not shared.done()
                await asyncio.to_thread(standing.move, "catalogue", 0, 6)
                assert await asyncio.wait_for(shared, 5) == 6  # courses and runs are in the first
                assert await positions.wait(["progress"], 6, 0.01) == 5
                assert await positions.wait(["nothing"], 6, 0.01) == 0

    run(test())


def test_what_is_said_is_waited_for_and_never_for_long(
    dsn: str, redis_server: Redis, cluster: str
) -> None:
    """At once while nothing is said, with the notice that says so, or after the pause between two
    looks."""

    async def test() -> None:
        clock = asyncio.get_running_loop().time
        source = RedisSource(redis_server.url, cluster)
        with publisher(redis_server.url, cluster) as one:
            async with listening(source) as notices, read_pool(dsn, 4) as pool:
                positions = PostgresPositions(pool, notices)
                assert not notices.of_late
                began = clock()
                await positions.told(["progress"], 5)
                assert clock() - began < POLL_SECONDS / 2
                notice = notices.next(READINGS)
                one.moved("progress", 0, 4)
                await asyncio.wait_for(notice.wait(), 5)
                said = asyncio.create_task(positions.told(["progress"], 5))
                one.moved("progress", 0, 5)
                await asyncio.wait_for(said, 5)
                assert notices.reached("progress") == {0: 5}
                began = clock()
                await positions.told(["progress"], 6)
                assert POLL_SECONDS / 2 < clock() - began < 4 * POLL_SECONDS

    run(test())


def test_without_redis_one_looks_for_oneself(dsn: str, cluster: str) -> None:
    """The wait ends within the pause between two looks; a notice of another log is no harm."""

    async def test() -> None:
        with running(Redis) as redis, publisher(redis.url, cluster) as one:
            standing = Standing(dsn, one.moved)
            async with (
                listening(RedisSource(redis.url, cluster)) as notices,
                read_pool(dsn, 4) as pool,
            ):
                positions = PostgresPositions(pool, notices)
                notice = notices.next(READINGS)
                one.moved("progress", 0, 1_000)  # not true: a look says otherwise
                await asyncio.wait_for(notice.wait(), 5)
                assert await positions.wait(["progress"], 5, 0.3) == 0
                redis.kill()
                waiting = asyncio.create_task(positions.wait(["progress"], 5, 20))
                began = time.monotonic()
                for partition in range(PARTITIONS):
                    await asyncio.to_thread(standing.move, "progress", partition, 5)
                assert await waiting == 5
                assert time.monotonic() - began < 4 * POLL_SECONDS + 1
                redis.start()

                async def heard() -> bool:
                    one.moved("progress", 1, 77)
                    return notices.reached("progress").get(1) == 77

                await eventually(heard, 20)

    run(test())


def test_telling_never_waits_or_raises(cluster: str) -> None:
    """With Redis stopped in its tracks, killed, and back again."""
    with running(Redis) as redis, publisher(redis.url, cluster) as one:
        assert redis.pid is not None
        os.kill(redis.pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            for position in range(10_000):
                one.moved("progress", position % 4, position)
            assert time.monotonic() - began < 1
        finally:
            os.kill(redis.pid, signal.SIGCONT)
        redis.kill()
        one.moved("progress", 0, 1)
    began = time.monotonic()
    with publisher("redis://127.0.0.1:1/0", cluster) as nobody:
        nobody.moved("progress", 0, 1)
    assert time.monotonic() - began < 2
