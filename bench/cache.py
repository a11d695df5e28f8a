"""What does Redis bring: to queries that many ask, and to those who wait for a position?

The read API with hot answers kept in Redis beside the same without, in one process, called as a
server calls it; then again with queries of which every one is another, so that nothing is found and
all is kept. A wait begins before the reading moves and is timed from there, by a worker's way of
moving: with the notice through Redis, and by looking now and then.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

import psycopg
from starlette.types import ASGIApp, Message

from bench.report import Report, median_ratio
from bench.rig import run, server
from bench.university import RUNS, load
from domain.streams import REGISTRY
from infra.cache.notices import Publisher
from infra.cache.sharing import Sharing, sharing
from infra.compose.parts import querying, storing
from infra.engines.redis import Redis
from infra.keys.memory import MemoryKeys
from infra.log.reader import PostgresLogReader
from infra.search.postgres import PostgresSearch
from infra.settings.fields import Settings
from infra.stores.postgres import PostgresStore
from infra.web.apps import query_app
from infra.web.authentication import open_to_all
from infra.web.metrics import Metrics
from projections.register import READINGS
from read_api.dependencies import ReadDependencies
from streams.runner.runner import Runner

CLUSTER = "bench"
FACTS, FACTS_QUICK = 100_000, 10_000
ROUNDS, ROUNDS_QUICK = 5, 3
ASKED, ASKED_QUICK = 2_000, 400
"""Queries a round."""
CLIENTS = 16
WAITS, WAITS_QUICK = 200, 40
WAIT_SECONDS_MAX = 5.0
SETTLE_SECONDS = 0.05
"""So long a wait is under way before the reading moves."""
GOALS = {"asked_by_many": 3.0, "wait_without_to_with": 3.0}
WAITED_FOR = "catalogue"
MANY = (
    ("/v1/runs", "limit=10"),
    ("/v1/analytics/overview", ""),
    ("/v1/analytics/runs/R00-2013J", ""),
    ("/v1/analytics/runs/R01-2013J/items", ""),
)


class Rig(NamedTuple):
    """Where everything is."""

    dsn: str
    settings: Settings


def measure(*, quick: bool) -> Report:
    """Ask in rounds, with Redis and without, then wait."""
    amounts = (ROUNDS_QUICK, ASKED_QUICK, WAITS_QUICK) if quick else (ROUNDS, ASKED, WAITS)
    with _rig(FACTS_QUICK if quick else FACTS) as rig:
        return run(_measure(rig, *amounts))


async def _measure(rig: Rig, rounds: int, asked: int, waits: int) -> Report:
    async with _reads(rig, Sharing()) as plain, sharing(rig.settings, rig.dsn) as shared:
        async with _reads(rig, shared) as reads:
            apps = {
                "with": open_to_all(query_app(reads, Metrics(), hot=shared.hot)),
                "without": open_to_all(query_app(plain, Metrics())),
            }
            each_other = itertools.cycle(_each_another())
            rates: dict[str, list[float]] = {
                f"{kind}_{name}": [] for kind in ("many", "other") for name in apps
            }
            for _ in range(rounds):
                others = list(islice(each_other, asked))
                for name, app in apps.items():
                    rates[f"many_{name}"].append(await _rate(app, MANY * (asked // len(MANY))))
                    rates[f"other_{name}"].append(await _rate(app, others))
            told = await _waits(rig, reads, waits)
        looked = await _waits(rig, plain, waits)
    return Report(
        "cache",
        {
            "asked_by_many": median_ratio(rates["many_with"], rates["many_without"]),
            "asked_by_one": median_ratio(rates["other_with"], rates["other_without"]),
            "wait_without_to_with": median(looked) / median(told),
        },
        GOALS,
        {
            **{f"{name}_per_s": median(values) for name, values in rates.items()},
            "wait_with_p50_ms": median(told),
            "wait_with_p99_ms": quantiles(told, n=100, method="inclusive")[98],
            "wait_without_p50_ms": median(looked),
            "wait_without_p99_ms": quantiles(looked, n=100, method="inclusive")[98],
        },
    )


@contextmanager
def _rig(count: int) -> Iterator[Rig]:
    """Have a log with facts in it, all readings, and a Redis."""
    with server() as postgres, tempfile.TemporaryDirectory(prefix="registrar-bench-") as folder:
        dsn = postgres.dsn
        load(dsn, count)
        with closing(PostgresStore(dsn)) as store, closing(PostgresLogReader(dsn)) as log:
            Runner(log, store, store, READINGS, REGISTRY).run_until_idle()
        with Redis(Path(folder) / "redis") as redis:
            yield Rig(dsn, Settings(redis_url=redis.url, cluster=CLUSTER))


@asynccontextmanager
async def _reads(rig: Rig, shared: Sharing) -> AsyncIterator[ReadDependencies]:
    async with (
        storing(rig.dsn) as store,
        querying(
            rig.dsn,
            MemoryKeys(),
            store,
            lambda: True,
            lambda _, views: PostgresSearch(views),
            shared.sources,
        ) as reads,
    ):
        yield reads


def _each_another() -> Iterator[tuple[str, str]]:
    """Yield queries that nobody has asked of late."""
    for limit in range(1, 201):
        for number in range(RUNS):
            yield f"/v1/runs/R{number:02}-2013J/learners", f"limit={limit}"


async def _rate(app: ASGIApp, queries: Sequence[tuple[str, str]]) -> float:
    """Return how many of these are answered in a second, to some clients at a time."""
    left = iter(queries)

    async def client() -> None:
        for path, query in left:
            await _ask(app, path, query)

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return len(queries) / (time.perf_counter() - began)


async def _ask(app: ASGIApp, path: str, query: str) -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        assert message.get("status", 200) == 200, message

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [],
    }
    await app(scope, receive, send)


async def _waits(rig: Rig, reads: ReadDependencies, count: int) -> list[float]:
    """Return the milliseconds from each move of a reading to the end of the wait for it."""
    took = []
    publisher = Publisher(rig.settings.redis_url or "", CLUSTER)
    try:
        async with await psycopg.AsyncConnection.connect(rig.dsn, autocommit=True) as connection:
            for number in range(count):
                cursor = await connection.execute(
                    "select position from readings.state where live and name = %s", (WAITED_FOR,)
                )
                ((position,),) = await cursor.fetchall()
                waiting = asyncio.create_task(
                    reads.positions.wait([WAITED_FOR], position + 1, WAIT_SECONDS_MAX)
                )
                await asyncio.sleep(SETTLE_SECONDS + number % 7 * SETTLE_SECONDS)
                await connection.execute(
                    "update readings.state set position = %s where live and name = %s",
                    (position + 1, WAITED_FOR),
                )
                moved = time.perf_counter()
                publisher.moved(WAITED_FOR, 0, position + 1)
                assert await waiting == position + 1
                took.append((time.perf_counter() - moved) * 1_000)
    finally:
        await asyncio.to_thread(publisher.close)
    return took
