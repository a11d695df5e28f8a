"""How many learners a second get into one run with limited seats, all at once?

Through the command pipeline: one process with 64 learners at a time, and four such processes that
share the log and race for the same seats. Beside it the ``eventsourcing`` library's store for
dynamic consistency boundaries, where the run is a tag that every enrolment shares: 64 threads that
read what is new under the tag and append on condition that nothing newer is there.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from statistics import median, quantiles
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem
from eventsourcing.dcb.postgres_tt import PostgresTTDCBFactory
from eventsourcing.persistence import IntegrityError

from bench.report import Report
from bench.rig import run, server
from commands.pipeline import Pipeline
from commands.register import DECISIONS
from commands.requests import Recorded, Request
from domain.access import DEVELOPMENT
from domain.streams import REGISTRY
from infra.keys.memory import MemoryKeys
from infra.log.postgres import PostgresLog
from infra.process import calm_garbage_collection

LEARNERS = 64
PROCESSES = 4
SEATS = 1_000_000
GOALS = {"dcb": 100.0, "slowest_process_to_fastest": 0.5}
P99_MS_MAX = 100.0
ROUNDS, ROUND_SECONDS, LIBRARY_SECONDS = 3, 4.0, 10.0
QUICK_ROUNDS, QUICK_ROUND_SECONDS, QUICK_LIBRARY_SECONDS = 2, 2.0, 6.0
WARM_UP_SECONDS = 1.0
START_SECONDS = 0.2
"""So long before they begin together, the processes are told when."""

_numbers = itertools.count()


class Rush(NamedTuple):
    """What one process saw: learners let in, and how long each of them waited, in seconds."""

    enrolled: int
    waits: list[float]


def measure(*, quick: bool) -> Report:
    """Run the rounds and report medians."""
    rounds, seconds, library_seconds = (
        (QUICK_ROUNDS, QUICK_ROUND_SECONDS, QUICK_LIBRARY_SECONDS)
        if quick
        else (ROUNDS, ROUND_SECONDS, LIBRARY_SECONDS)
    )
    alone: list[float] = []
    together: list[float] = []
    fairness: list[float] = []
    p99: list[float] = []
    with server() as postgres:
        for _ in range(rounds):
            name = f"HOT-{next(_numbers)}"
            run(_announce(postgres.dsn, name))
            rush = run(_rush(postgres.dsn, name, "a", time.time(), seconds))
            alone.append(rush.enrolled / seconds)
        for _ in range(rounds):
            name = f"HOT-{next(_numbers)}"
            run(_announce(postgres.dsn, name))
            rushes = _processes(postgres.dsn, name, seconds)
            counts = [each.enrolled for each in rushes]
            together.append(sum(counts) / seconds)
            fairness.append(min(counts) / max(max(counts), 1))
            p99.append(_p99_ms(rushes))
        library = _library(postgres.dsn, library_seconds)
    return Report(
        "hot",
        {"dcb": median(alone) / library, "slowest_process_to_fastest": median(fairness)},
        GOALS,
        {
            "one_process_per_second": median(alone),
            "four_processes_per_second": median(together),
            "four_processes_p99_ms": median(p99),
            "dcb_per_second": library,
        },
        {"four_processes_p99_ms": P99_MS_MAX},
    )


def _request(name: str, **body: Any) -> Request:
    decision = DECISIONS[name]
    return Request(decision, decision.model(**body), DEVELOPMENT)


def _pipeline(log: PostgresLog) -> Pipeline:
    return Pipeline(log, MemoryKeys(), REGISTRY, lambda: datetime.now(UTC))


async def _announce(dsn: str, name: str) -> None:
    async with PostgresLog(dsn, REGISTRY) as log:
        pipeline = _pipeline(log)
        now = datetime.now(UTC)
        await pipeline.execute(_request("create-course", course="HOT", title="Hot"))
        await pipeline.execute(
            _request(
                "schedule-run",
                run=name,
                course="HOT",
                title="Hot",
                starts=now,
                ends=now + timedelta(days=100),
                capacity=SEATS,
            )
        )


async def _rush(dsn: str, name: str, prefix: str, start: float, seconds: float) -> Rush:
    """Enrol learners, 64 at a time, from a moment on (seconds since 1970)."""
    waits: list[float] = []
    begin = start + WARM_UP_SECONDS
    end = begin + seconds

    async def enrol(pipeline: Pipeline, number: int) -> None:
        for turn in itertools.count():
            asked = time.time()
            if asked >= end:
                return
            subject = f"{prefix}-{number}-{turn}"
            answer = await pipeline.execute(_request("enrol-learner", run=name, subject=subject))
            assert isinstance(answer, Recorded)
            if begin <= asked and (done := time.time()) <= end:
                waits.append(done - asked)

    async with PostgresLog(dsn, REGISTRY) as log:
        await asyncio.sleep(max(start - time.time(), 0))
        pipeline = _pipeline(log)
        await asyncio.gather(*(enrol(pipeline, number) for number in range(LEARNERS)))
    return Rush(len(waits), waits)


def _rush_in_process(pipe: Connection, dsn: str, name: str, prefix: str, seconds: float) -> None:
    calm_garbage_collection()  # as every server of ours does
    pipe.send("ready")
    start: float = pipe.recv()
    pipe.send(run(_rush(dsn, name, prefix, start, seconds)))


def _processes(dsn: str, name: str, seconds: float) -> list[Rush]:
    """Race four processes for the same seats."""
    context = multiprocessing.get_context("spawn")
    running = []
    for number in range(PROCESSES):
        ours, theirs = context.Pipe()
        arguments = (theirs, dsn, name, f"p{number}", seconds)
        process = context.Process(target=_rush_in_process, args=arguments)
        process.start()
        theirs.close()
        running.append((process, ours))
    for _, ours in running:
        assert ours.recv() == "ready"
    start = time.time() + START_SECONDS
    for _, ours in running:
        ours.send(start)
    rushes = [ours.recv() for _, ours in running]
    for process, ours in running:
        process.join()
        ours.close()
    return rushes


def _p99_ms(rushes: Sequence[Rush]) -> float:
    waits = [wait for rush in rushes for wait in rush.waits]
    return quantiles(waits, n=100)[98] * 1_000


def _library(dsn: str, seconds: float) -> float:
    """The library's store: 64 threads, decided again wherever somebody was first."""
    parts = urlsplit(dsn)
    factory = PostgresTTDCBFactory(
        {
            "POSTGRES_DBNAME": parts.path.removeprefix("/"),
            "POSTGRES_HOST": parse_qs(parts.query)["host"][0],
            "POSTGRES_PORT": "5432",
            "POSTGRES_USER": parts.username or "",
            "POSTGRES_PASSWORD": "none",
        }
    )
    recorder = factory.dcb_recorder()
    query = DCBQuery([DCBQueryItem(tags=["run:HOT"])])
    counts = [0] * LEARNERS
    begin = time.perf_counter() + WARM_UP_SECONDS
    end = begin + seconds

    def enrol(number: int) -> None:
        taken, seen, turn = 0, 0, 0
        while time.perf_counter() < end:
            news = recorder.read(query, after=seen)
            for event in news:
                taken, seen = taken + 1, event.position
            assert taken < SEATS
            tags = ["run:HOT", f"learner:{number}-{turn}"]
            try:
                recorder.append(
                    [DCBEvent("LearnerEnrolled", b'{"mode":"audit"}', tags)],
                    DCBAppendCondition(query, after=seen),
                )
            except IntegrityError:
                continue
            turn += 1
            if time.perf_counter() >= begin:
                counts[number] += 1

    threads = [threading.Thread(target=enrol, args=(number,)) for number in range(LEARNERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    factory.close()
    return sum(counts) / seconds
