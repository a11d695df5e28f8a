"""How long does it take to tell what a learner's record was at any moment?

Through the application without a socket: learners picked at random from the whole log, each as of
a random position, a random moment of occurred time, and as the difference between two positions,
which is two states.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from statistics import median, quantiles
from typing import Any

import httpx

from bench.report import Report
from bench.rig import run, server
from bench.university import FACTS_PER_LEARNER, RUNS, SECOND, STARTS, load
from domain.streams import REGISTRY
from infra.compose.keys import keeping_keys
from infra.compose.parts import commanding, querying, storing
from infra.log.reader import PostgresLogReader
from infra.search.postgres import PostgresSearch
from infra.settings.fields import Settings
from infra.stores.postgres import PostgresStore
from infra.stores.reading import Pool
from infra.web.apps import full_app
from infra.web.authentication import open_to_all
from infra.web.metrics import Metrics
from projections.catalogue import CATALOGUE
from projections.history import HISTORY
from read_api.ports.search import SearchIndex
from read_api.ports.views import Views
from streams.runner.runner import Runner

FACTS, FACTS_QUICK = 10_000_000, 100_000
LEARNERS, LEARNERS_QUICK = 300, 100
WARM_UP = 20
LIMITS_MS = {"recorded": 100.0, "occurred": 100.0, "difference": 200.0}

Asked = tuple[str, str, dict[str, Any]]
"""A kind of question, its path, and its parameters."""


def measure(*, quick: bool) -> Report:
    """Load, wait until the readings have read all, and ask."""
    count, learners = (FACTS_QUICK, LEARNERS_QUICK) if quick else (FACTS, LEARNERS)
    with server() as postgres:
        load(postgres.dsn, count)
        _read(postgres.dsn)
        took = run(_ask(postgres.dsn, count, learners))
    figures = {"facts": float(count)}
    for kind, times in took.items():
        figures[f"{kind}_ms_median"] = median(times)
        figures[f"{kind}_ms_p99"] = quantiles(times, n=100)[98]
    limits = {f"{kind}_ms_p99": most for kind, most in LIMITS_MS.items()}
    return Report("asof", {}, {}, figures, limits)


def _search(_: Pool, views: Views) -> SearchIndex:
    return PostgresSearch(views)


def _read(dsn: str) -> None:
    """Have read what moments are told with: which facts a learner has, and which runs there are."""
    with closing(PostgresLogReader(dsn)) as log, closing(PostgresStore(dsn)) as store:
        runner = Runner(log, store, store, (CATALOGUE, HISTORY), REGISTRY)
        runner.run_until_idle()
        runner.stop()


async def _ask(dsn: str, count: int, learners: int) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="registrar-bench-") as folder:
        settings = Settings(database_url=dsn, data=folder, access="off")
        async with (
            keeping_keys(settings, dsn) as keys,
            storing(dsn) as store,
            commanding(dsn, keys, Metrics()) as commands,
            querying(
                dsn, keys, store, lambda: True, lambda _, views: PostgresSearch(views)
            ) as reads,
        ):
            app = open_to_all(full_app(commands.dependencies, reads, Metrics()))
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://bench") as client:
                for number, (kind, path, asked) in enumerate(_questions(count, learners)):
                    begun = time.perf_counter()
                    answer = await client.get(path, params=asked)
                    if answer.status_code != 200:
                        raise RuntimeError(answer.text)
                    if number >= WARM_UP:
                        took.setdefault(kind, []).append((time.perf_counter() - begun) * 1_000)
    return took


def _questions(count: int, learners: int) -> Iterator[Asked]:
    chance = random.Random(2013)  # noqa: S311 - the same questions every time
    for _ in range(learners):
        number = chance.randrange(count // FACTS_PER_LEARNER)
        learner, at = f"/v1/learners/s{number}", chance.randrange(count // 2, count)
        grade = f"/v1/enrolments/R{number % RUNS:02}-2013J/s{number}/grade"
        yield "recorded", f"{learner}/enrolments", {"as_of_position": at}
        yield "occurred", grade, {"as_of_occurred": (STARTS + at * SECOND).isoformat()}
        yield "difference", f"{learner}/history/diff", {"from": count // 2, "to": at}
