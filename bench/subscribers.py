"""Do queries stay quick while a hundred subscribers read the whole log at once?

One server over a log with facts of a university in it. A process of its own asks a query again and
again, first alone and then beside subscribers that all begin at position 0 and take what they get.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import quantiles

import httpx

from bench.report import Report
from bench.rig import run, server
from bench.university import load
from tests.server import Server, eventually

FACTS = 100_000
FACTS_QUICK = 30_000
SUBSCRIBERS = 100
SECONDS = 10.0
READ_SECONDS_MAX = 180.0
PAUSE_SECONDS = 0.02
P99_MS_MAX = 500.0
QUERY = "/v1/runs?limit=10"


def measure(*, quick: bool) -> Report:
    """Ask alone, then beside the subscribers."""
    count = FACTS_QUICK if quick else FACTS
    with server() as postgres, tempfile.TemporaryDirectory() as folder:
        load(postgres.dsn, count)
        one = Server(Path(folder) / "data", "--no-example", "--database-url", postgres.dsn)
        try:
            one.start()
            eventually(lambda: _read(one, count), READ_SECONDS_MAX, "the readings are there")
            alone = _asked(one.url, SECONDS)
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe()
            crowd = context.Process(target=_subscribe, args=(theirs, one.port, SECONDS))
            crowd.start()
            assert ours.recv() == "subscribed"
            beside = _asked(one.url, SECONDS)
            events = ours.recv()
            crowd.join()
        finally:
            one.stop()
    return Report(
        "subscribers",
        {},
        {},
        {
            "query_alone_p50_ms": _percentile(alone, 50),
            "query_alone_p99_ms": _percentile(alone, 99),
            "query_beside_p50_ms": _percentile(beside, 50),
            "query_beside_p99_ms": _percentile(beside, 99),
            "query_beside_max_ms": max(beside) * 1_000,
            "events_per_second": events / SECONDS,
        },
        {"query_beside_p99_ms": P99_MS_MAX},
    )


def _read(one: Server, count: int) -> bool:
    readings = one.get("/readyz").body["readings"]
    return all(reading["position"] == count for reading in readings)


def _asked(url: str, seconds: float) -> list[float]:
    """Ask the query one time after another, and return how long each took, in seconds."""
    waits = []
    with httpx.Client(base_url=url, timeout=60) as client:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            sent = time.perf_counter()
            client.get(QUERY).raise_for_status()
            waits.append(time.perf_counter() - sent)
            time.sleep(PAUSE_SECONDS)
    return waits


def _subscribe(pipe: Connection, port: int, seconds: float) -> None:
    pipe.send("subscribed")
    pipe.send(run(_crowd(port, seconds)))


async def _crowd(port: int, seconds: float) -> int:
    """Let every subscriber read for so many seconds; return how many events they got together."""
    counts = await asyncio.gather(*(_subscriber(port, seconds) for _ in range(SUBSCRIBERS)))
    return sum(counts)


async def _subscriber(port: int, seconds: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /v1/events?after=0 HTTP/1.1\r\nHost: x\r\n\r\n")
    count = 0
    try:
        async with asyncio.timeout(seconds):
            while part := await reader.read(262_144):
                count += part.count(b"\nevent: ")
    except TimeoutError:
        pass
    writer.close()
    return count


def _percentile(waits: list[float], percent: int) -> float:
    return quantiles(waits, n=100, method="inclusive")[percent - 1] * 1_000
