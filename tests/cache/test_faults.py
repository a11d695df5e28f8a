"""Does Redis change speed only, when it is killed, emptied or stopped while everything goes on?"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from redis.asyncio import Redis as Client

from commands.remembered import Remembering
from infra.cache.answers import RedisAnswers
from infra.cache.hot import RedisHot
from infra.cache.limits import RedisLimits
from infra.cache.shared import REST_SECONDS, TURN_SECONDS, TURNS_MAX, Shared
from infra.engines.redis import Redis
from infra.web.apps import full_app
from infra.web.authentication import open_to_all
from infra.web.metrics import Metrics
from infra.web.rates import Rates, limited
from tests.cache.conftest import eventually, run, sharing
from tests.cluster_engines import running
from tests.databases import Databases
from tests.read_api.world import RUN, World, world

LOAD_SECONDS = 4.0
READERS = 6
EMPTY, PAUSE = "FLUSHALL", "CLIENT PAUSE 1500 ALL"
PATHS = ("/v1/runs", "/v1/courses/C1", "/v1/analytics/overview", "/v1/search?q=course")
ANSWER_SECONDS_MAX = 5.0
"""Of the slowest answer, on a machine that does other things too. A query that waits for a position
may take as long by itself."""


@pytest.fixture(scope="module")
def registrar(databases_18: Databases) -> Iterator[World]:
    """A registrar that the tests write to."""
    with databases_18.fresh() as dsn, world(dsn) as one:
        one.command("create-course", course="C1", title="Course one")
        one.command("schedule-run", **{**RUN, "course": "C1"})
        yield one


def _kill(redis: Redis) -> None:
    redis.kill()
    time.sleep(1.0)
    redis.start()


def _stop(redis: Redis) -> None:
    assert redis.pid is not None
    os.kill(redis.pid, signal.SIGSTOP)
    time.sleep(1.5)
    os.kill(redis.pid, signal.SIGCONT)


class History:
    """What was answered, and what must not have been: the checker."""

    def __init__(self) -> None:
        self.written = 0
        self.first: dict[str, bytes] = {}
        self.asked = self.repeated = 0
        self.slowest = 0.0

    def saw(self, answer: httpx.Response, min_position: int) -> None:
        assert answer.status_code == 200, answer.text
        self.asked += 1
        assert answer.json()["as_of"]["position"] >= min_position


@asynccontextmanager
async def _clients(world: World, shared: Shared) -> AsyncIterator[httpx.AsyncClient]:
    commands = world.registrar.commands.dependencies
    app = full_app(
        commands._replace(pipeline=Remembering(commands.pipeline, RedisAnswers(shared))),
        world.reads,
        Metrics(),
        RedisHot(shared),
    )
    counted = limited(
        app, Rates(RedisLimits(shared, 1_000_000, 1_000_000)), world.reads.principal, lambda: None
    )
    transport = httpx.ASGITransport(open_to_all(counted))
    async with httpx.AsyncClient(transport=transport, base_url="http://registrar") as client:
        yield client


_numbers = itertools.count(1)


async def _write(client: httpx.AsyncClient, history: History, until: float) -> None:
    """Write with keys, and repeat what was written now and then."""
    while time.monotonic() < until:
        key = f"key-{next(_numbers)}"
        headers = {"idempotency-key": key}
        body = {"course": f"X{key}", "title": f"Course {key}"}
        sent = time.monotonic()
        for repeated in (False, True):
            answer = await client.post("/v1/commands/create-course", json=body, headers=headers)
            assert answer.status_code == (200 if repeated else 201), answer.text
            assert answer.content == history.first.setdefault(key, answer.content)
            assert ("idempotent-replayed" in answer.headers) == repeated
            history.repeated += repeated
        other = await client.post(
            "/v1/commands/create-course", json={**body, "title": "?"}, headers=headers
        )
        assert other.status_code == 422
        history.slowest = max(history.slowest, time.monotonic() - sent)
        position = answer.json()["position"]
        path = f"/v1/courses/X{key}?min_position={position}"
        own = await client.get(path)
        history.saw(own, position)
        assert own.json()["title"] == f"Course {key}"
        history.written = max(history.written, position)


async def _read(client: httpx.AsyncClient, history: History, until: float, path: str) -> None:
    """Read at once, and what was written by others before."""
    for turn in itertools.count():
        if time.monotonic() >= until:
            return
        wanted = history.written if turn % 2 else 0
        sent = time.monotonic()
        sign = "&" if "?" in path else "?"
        asked = f"{path}{sign}min_position={wanted}" if wanted else path
        history.saw(await client.get(asked), wanted)
        history.slowest = max(history.slowest, time.monotonic() - sent)


@pytest.mark.parametrize("harm", [None, _kill, _stop, EMPTY, PAUSE])
def test_answers_stay_right_whatever_happens_to_redis(
    registrar: World, cluster: str, harm: Callable[[Redis], None] | str | None
) -> None:
    async def test() -> None:
        history = History()
        with running(Redis) as redis:
            async with sharing(redis.url, cluster) as shared, _clients(registrar, shared) as client:
                until = time.monotonic() + LOAD_SECONDS
                going = [
                    asyncio.create_task(_read(client, history, until, PATHS[n % len(PATHS)]))
                    for n in range(READERS)
                ]
                going.append(asyncio.create_task(_write(client, history, until)))
                await asyncio.sleep(LOAD_SECONDS / 3)
                if callable(harm):
                    await asyncio.to_thread(harm, redis)
                elif harm is not None:
                    async with Client.from_url(redis.url) as direct:
                        assert await direct.execute_command(*harm.split())
                await asyncio.gather(*going)

                async def back() -> bool:
                    await RedisHot(shared).get("k")
                    return shared.reachable

                await eventually(back, 10)
        assert history.asked > 20
        assert history.repeated > 2
        assert history.slowest < ANSWER_SECONDS_MAX

    registrar.run(test())


def test_a_call_takes_no_longer_than_its_bound(cluster: str) -> None:
    """Then Redis is left alone for a second, and nobody waits for it at all."""

    async def test() -> None:
        with running(Redis) as redis:
            async with sharing(redis.url, cluster) as shared:
                hot = RedisHot(shared)
                assert await hot.get("k") is None
                assert shared.reachable
                assert redis.pid is not None
                os.kill(redis.pid, signal.SIGSTOP)
                try:
                    began = time.monotonic()
                    await asyncio.gather(*(hot.get("k") for _ in range(50)))
                    assert time.monotonic() - began < 4 * TURNS_MAX * TURN_SECONDS
                    assert not shared.reachable
                    began = time.monotonic()
                    for _ in range(1_000):
                        await hot.get("k")
                    assert time.monotonic() - began < REST_SECONDS
                finally:
                    os.kill(redis.pid, signal.SIGCONT)

                async def back() -> bool:
                    await hot.get("k")
                    return shared.reachable

                await eventually(back, 10)

    run(test())


def test_what_redis_holds_is_left_alone_while_the_epoch_is_not_known(
    redis_server: Redis, cluster: str
) -> None:
    """It might belong to another log."""

    async def test() -> None:
        epoch: str | None = "e1"
        shared = Shared(redis_server.url, cluster, lambda: epoch)
        limits = RedisLimits(shared, 1, 1)
        assert await limits.take("a") == 0
        assert await limits.take("a") > 0
        epoch = None
        assert await limits.take("a") == 0  # counted here alone
        assert await limits.take("a") > 0
        await shared.close()

    run(test())
