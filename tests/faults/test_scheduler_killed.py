"""Is what falls due done once, while the processes that do it are killed over and over?"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import SystemRandom
from typing import Any

import psycopg
import pytest

from commands.batch import CommandReader
from commands.pipeline import Pipeline
from commands.register import DECISIONS
from domain.access import DEVELOPMENT
from domain.streams import REGISTRY
from infra.keys.memory import MemoryKeys
from infra.log.postgres import PostgresLog
from infra.log.reader import PostgresLogReader
from infra.stores.postgres import PostgresStore
from projections.due import DUE
from streams.runner.runner import Runner
from tests.readings.school import PASS
from tests.server import eventually

RUNS = 75
MISSED, OWN = "M", "own"
ITEMS, LEARNERS = 8, 15
SPREAD_SECONDS = 5.0
PROCESSES = 2
SECONDS_MAX = 60.0

chance = SystemRandom()


def clock() -> datetime:
    return datetime.now(UTC)


async def prepare(dsn: str) -> None:
    """Make runs of one seat, each with an offer that expires within seconds and one who waits; and
    a run whose items fall due within seconds, and find nobody's work."""
    reader = CommandReader(DECISIONS, b"secret" * 6, clock)
    dates = {"starts": "2020-01-01T00:00:00Z", "ends": "2099-01-01T00:00:00Z"}
    async with PostgresLog(dsn, REGISTRY) as log:
        pipeline = Pipeline(log, MemoryKeys(), REGISTRY, clock)

        async def send(name: str, **body: Any) -> None:
            await pipeline.execute(reader.read(name, json.dumps(body).encode(), DEVELOPMENT))

        async def one(number: int) -> None:
            run = f"R-{number}"
            await send("schedule-run", run=run, course="AAA", title=run, capacity=1, **dates)
            await send("limit-seats", run=run, capacity=1, offer_hours=1)
            await send("enrol-learner", run=run, subject="in")
            for subject in ("first", "second"):
                await send("join-waitlist", run=run, subject=subject)
            ago = timedelta(hours=1) - timedelta(seconds=1 + SPREAD_SECONDS * number / RUNS)
            await send("withdraw-learner", run=run, subject="in", occurred_at=str(clock() - ago))

        async def enrol(number: int) -> None:
            stated = {"occurred_at": str(clock() - timedelta(days=1))} if number % 3 == 2 else {}
            await send("enrol-learner", run=MISSED, subject=f"m{number}", **stated)

        await send("create-course", course="AAA", title="A")
        await asyncio.gather(*(one(number) for number in range(RUNS)))
        await send("schedule-run", run=MISSED, course="AAA", title=MISSED, **dates)
        await send("publish-grading-policy", run=MISSED, policy=PASS, late={"missing": 100})
        await asyncio.gather(*(enrol(number) for number in range(0, LEARNERS, 2)))
        quiz = {"kind": "quiz", "title": "Quiz"}
        items = [{"item": OWN, **quiz, "due_after_s": 2}]
        for number in range(ITEMS):
            due = clock() + timedelta(seconds=SPREAD_SECONDS * number / ITEMS - 1)
            items.append({"item": f"i{number}", **quiz, "due": str(due)})
        await send("publish-content", run=MISSED, items=items)
        await asyncio.gather(*(enrol(number) for number in range(1, LEARNERS, 2)))


@contextmanager
def reading(dsn: str) -> Iterator[None]:
    """Keep up the reading of what falls due."""
    reader, store = PostgresLogReader(dsn), PostgresStore(dsn)
    runner = Runner(reader, store, store, (DUE,), REGISTRY)
    runner.start()
    try:
        yield
    finally:
        runner.stop()
        reader.close()
        store.close()


def started(dsn: str) -> subprocess.Popen[str]:
    """Start a process that schedules, and wait until it does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.scheduling", dsn], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def recorded(dsn: str, kind: str) -> list[tuple[str, str]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "select stream, subject from log.facts where type = %s order by position", (kind,)
        ).fetchall()


def scored(dsn: str) -> list[tuple[str, str, bool]]:
    """Return by subject and item what was scored as missing, and whether that came too early."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "select subject, data ->> 'item', recorded_at <= (data ->> 'due')::timestamptz"
            " from (select *, convert_from(body, 'utf8')::jsonb -> 'data' as data from log.facts"
            " where type = 'MissingWorkScored') facts"
        ).fetchall()


@pytest.mark.parametrize("kills", [True, False])
def test_what_falls_due_is_done_once(dsn: str, kills: bool) -> None:
    """Two processes at once, killed with SIGKILL at random moments and started again, or left
    alone: each offer lapses and moves on once, each work that is missing is scored once, and
    nothing before its moment."""
    with reading(dsn):
        processes = [started(dsn) for _ in range(PROCESSES)]
        try:
            asyncio.run(prepare(dsn))
            until = time.monotonic() + SPREAD_SECONDS + 2
            while kills and time.monotonic() < until:
                time.sleep(chance.uniform(0.02, 0.3))
                which = chance.randrange(PROCESSES)
                processes[which].kill()
                processes[which].communicate()
                processes[which] = started(dsn)
            eventually(
                lambda: (
                    len(recorded(dsn, "SeatOfferLapsed")) >= RUNS
                    and len(scored(dsn)) >= (ITEMS + 1) * LEARNERS
                ),
                SECONDS_MAX,
                "all done",
            )
            time.sleep(1)
        finally:
            for process in processes:
                process.kill()
                process.communicate()
    streams = [f"main/run-seats/R-{number}" for number in range(RUNS)]
    lapsed, offered = recorded(dsn, "SeatOfferLapsed"), recorded(dsn, "SeatOffered")
    assert Counter(lapsed) == dict.fromkeys([(stream, "first") for stream in streams], 1)
    assert Counter(offered) == dict.fromkeys(
        [(stream, subject) for stream in streams for subject in ("first", "second")], 1
    )
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "select count(*) from log.facts where type = 'SeatOfferLapsed' and recorded_at"
            " < (convert_from(body, 'utf8')::jsonb -> 'data' ->> 'expires')::timestamptz"
        ).fetchone()
    assert row == (0,)
    items = [OWN, *(f"i{number}" for number in range(ITEMS))]
    assert Counter(scored(dsn)) == dict.fromkeys(
        [(f"m{number}", item, False) for number in range(LEARNERS) for item in items], 1
    )
