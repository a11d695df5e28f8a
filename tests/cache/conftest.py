"""Where do the contracts of what is shared hold: in memory, and in a real Redis."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest

from commands.remembered import Answers
from infra.cache.answers import RedisAnswers
from infra.cache.hot import RedisHot
from infra.cache.limits import RedisLimits
from infra.cache.memory import MemoryAnswers, MemoryHot, MemoryLimits
from infra.cache.shared import Shared
from infra.engines.redis import Redis
from infra.web.hot_entries import Hot
from infra.web.rates import Limits


class Adapters(NamedTuple):
    """The adapters of every port on one place."""

    hot: Hot
    answers: Answers
    limits: Callable[[int, int], Limits]


Open = Callable[[], Any]


@asynccontextmanager
async def sharing(url: str, cluster: str, epoch: str = "e1") -> AsyncIterator[Shared]:
    """Redis as a process of a cluster sees it."""
    shared = Shared(url, cluster, lambda: epoch)
    try:
        yield shared
    finally:
        await shared.close()


@pytest.fixture
def cluster() -> str:
    """A cluster of the test's own."""
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture(params=["memory", "redis"])
def place(request: pytest.FixtureRequest, cluster: str) -> Open:
    """Opens the adapters."""
    if request.param == "memory":
        return in_memory
    redis: Redis = request.getfixturevalue("redis_server")

    @asynccontextmanager
    async def in_redis() -> AsyncIterator[Adapters]:
        async with sharing(redis.url, cluster) as shared:
            yield Adapters(
                RedisHot(shared),
                RedisAnswers(shared),
                lambda rate, burst: RedisLimits(shared, rate, burst),
            )

    return in_redis


@asynccontextmanager
async def in_memory() -> AsyncIterator[Adapters]:
    """Adapters that share nothing."""
    yield Adapters(MemoryHot(), MemoryAnswers(), MemoryLimits)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Do it, within a minute."""

    async def bounded() -> None:
        async with asyncio.timeout(60):
            await work

    asyncio.run(bounded())


async def eventually(condition: Callable[[], Coroutine[Any, Any, Any]], seconds: float) -> Any:
    """Return the condition's first true value; fail when it does not come within the bound."""
    async with asyncio.timeout(seconds):
        while True:
            value = await condition()
            if value:
                return value
            await asyncio.sleep(0.01)
