"""How soon after a command is acknowledged can its row be read, in a cluster on one machine?

All engines and every process are there, each reading is kept up. What is recorded at an even rate
is looked for in two ways: by polling PostgreSQL for the row, and by one query with ``min_position``
that the read API answers when Redis tells it that the reading moved.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx
import psycopg

from bench.process import Process
from bench.report import Report
from bench.rig import run, server
from infra.engines.elasticsearch import Elasticsearch
from infra.engines.kafka import Kafka
from infra.engines.redis import Redis
from infra.supervisor.cluster import WORKERS
from tests.server import eventually

RUN = "AAA-2013J"
FACTS_PER_SECOND = 500
BATCHES_PER_SECOND = 20
SECONDS, SECONDS_QUICK = 30.0, 10.0
WARM_SECONDS, WARM_SECONDS_QUICK = 60.0, 5.0
"""Of the same load, before anything counts: in its first minute Elasticsearch spends as much on
compiling itself as on its work."""
JOINED_SECONDS_MAX = 60.0
"""Workers that were there before the topics learn of these late, once."""
START_SECONDS_MAX = 120.0
POLL_SECONDS = 0.003
READABLE_SECONDS_MAX = 30.0
IDLE_SECONDS_MAX = 2.0
"""Less than the servers' 5 s, or a request may go out on a connection that is just being closed."""
P50_MS_MAX, P99_MS_MAX = 60.0, 500.0
_BEHIND = "select count(*) from readings.state where live and position < %s"
_ROW = "select true from views.enrolments where run = %s and subject = %s"


def measure(quick: bool) -> Report:
    """Start a cluster, record at an even rate, and look for every batch's last row."""
    with _cluster() as (dsn, commands, queries):
        warm, seconds = (WARM_SECONDS_QUICK, SECONDS_QUICK) if quick else (WARM_SECONDS, SECONDS)
        found = run(_look(dsn, commands, queries, warm, seconds))
    rate = found.pop("facts_per_s")[0]
    figures = {"facts_per_s": rate, "samples": float(min(map(len, found.values())))}
    for name, waits in found.items():
        cuts = quantiles(waits, n=100)
        figures |= {f"{name}_p50_ms": cuts[49] * 1_000, f"{name}_p99_ms": cuts[98] * 1_000}
    limits = {f"{name}_p50_ms": P50_MS_MAX for name in ("polled", "min_position")}
    limits |= {f"{name}_p99_ms": P99_MS_MAX for name in ("polled", "min_position")}
    return Report("latency", {}, {}, figures, limits)


@contextmanager
def _cluster() -> Iterator[tuple[str, str, str]]:
    """Run a cluster for a while: the database's address, and those of both APIs."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="registrar-bench-")))
        dsn = held.enter_context(server()).dsn
        settings = {
            "REGISTRAR_DATABASE_URL": dsn,
            "REGISTRAR_KEYS_URL": f"sqlite://{folder}/keys.db",
            "REGISTRAR_EPOCH_KEYS": str(folder / "epochs"),
            "REGISTRAR_KAFKA": held.enter_context(Kafka(folder / "kafka")).bootstrap,
            "REGISTRAR_REDIS_URL": held.enter_context(Redis(folder / "redis")).url,
            "REGISTRAR_ELASTICSEARCH_URL": held.enter_context(
                Elasticsearch(folder / "elasticsearch", lasting=True)
            ).url,
            "REGISTRAR_CLUSTER": "bench",
        }

        def begin(name: str, *words: str, probe: str = "--probe-port") -> Process:
            process = Process(name, list(words), settings, folder, probe)
            held.callback(process.stop)
            return process

        processes = [begin("relay", "relay"), begin("follow", "follow")]
        processes += [
            begin(name, "work", *readings, "--instance", name) for name, readings in WORKERS.items()
        ]
        for only in ("commands", "queries"):
            data = str(folder / f"{only}-data")
            words = ("serve", "--only", only, "--data", data)
            processes.append(begin(only, *words, probe="--port"))
        apis = processes[-2:]
        eventually(lambda: not _unwell(processes, apis), START_SECONDS_MAX, "everything is well")
        commands, queries = (f"http://127.0.0.1:{one.port}" for one in apis)
        yield dsn, commands, queries


def _unwell(processes: list[Process], apis: list[Process]) -> list[str]:
    """Return who does not work yet. Raises AssertionError where somebody never will."""
    for one in processes:
        assert one.running, f"{one.name} ended: {one.output[-2_000:]}"
    return [
        one.name for one in processes if not one.answers("/readyz" if one in apis else "/healthz")
    ]


async def _look(
    dsn: str, commands: str, queries: str, warm: float, seconds: float
) -> dict[str, list[float]]:
    """Return the seconds that each row took to be readable, in both ways."""
    found: dict[str, list[float]] = {"polled": [], "min_position": []}
    async with (
        _client(commands) as sending,
        _client(queries) as asking,
        await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection,
    ):
        position = await _open_run(sending)
        async with asyncio.timeout(JOINED_SECONDS_MAX):
            while await _count(connection, position):  # noqa: ASYNC110 - looks from outside
                await asyncio.sleep(POLL_SECONDS)

        async def polled(subject: str, _: int) -> None:
            while not (  # noqa: ASYNC110 - looks from outside
                await (await connection.execute(_ROW, (RUN, subject))).fetchall()
            ):
                await asyncio.sleep(POLL_SECONDS)

        async def asked(subject: str, position: int) -> None:
            path = f"/v1/enrolments/{RUN}/{subject}?min_position={position}"
            (await asking.get(path)).raise_for_status()

        ways: Mapping[str, Callable[[str, int], Awaitable[None]]]
        ways = {"polled": polled, "min_position": asked}
        began, counts_from = time.perf_counter(), time.perf_counter() + warm
        end = counts_from + seconds
        recorded, tasks = 0, []

        async def batch(number: int) -> None:
            nonlocal recorded
            name = list(ways)[number % len(ways)]
            subjects = [f"l{number}-{n}" for n in range(FACTS_PER_SECOND // BATCHES_PER_SECOND)]
            answer = await sending.post("/v1/commands", json={"commands": _enrol(subjects)})
            acknowledged = time.perf_counter()
            results = answer.raise_for_status().json()["results"]
            await ways[name](subjects[-1], results[-1]["position"])
            if acknowledged >= counts_from:
                found[name].append(time.perf_counter() - acknowledged)
                recorded += sum(len(result["facts"]) for result in results)

        number = 0
        while time.perf_counter() < end:
            tasks.append(asyncio.create_task(batch(number)))
            number += 1
            await asyncio.sleep(began + number / BATCHES_PER_SECOND - time.perf_counter())
        await asyncio.gather(*tasks)
    return {**found, "facts_per_s": [recorded / seconds]}


def _client(address: str) -> httpx.AsyncClient:
    limits = httpx.Limits(keepalive_expiry=IDLE_SECONDS_MAX)
    return httpx.AsyncClient(base_url=address, timeout=READABLE_SECONDS_MAX, limits=limits)


def _enrol(subjects: list[str]) -> list[dict[str, Any]]:
    return [
        {"name": "enrol-learner", "body": {"run": RUN, "subject": subject, "mode": "honor"}}
        for subject in subjects
    ]


async def _count(connection: psycopg.AsyncConnection, position: int) -> int:
    """How many partitions of readings are not at a position."""
    (count,) = await (await connection.execute(_BEHIND, (position,))).fetchone() or (0,)
    return int(count)


async def _open_run(client: httpx.AsyncClient) -> int:
    """Make a course with a run that anybody may enrol in; return the position of that."""
    course = {"course": "AAA", "title": "AAA"}
    a_run = {
        "run": RUN,
        "course": "AAA",
        "title": RUN,
        "starts": "2020-01-01T00:00:00Z",
        "ends": "2099-01-01T00:00:00Z",
        "modes": ["honor"],
    }
    position = 0
    for name, body in (("create-course", course), ("schedule-run", a_run)):
        answer = await client.post(f"/v1/commands/{name}", json=body)
        position = answer.raise_for_status().json()["position"]
    return position
