"""Are the seats of a run ever sold twice, however many processes race for them?"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest

from commands.batch import CommandReader
from commands.pipeline import Pipeline
from commands.register import DECISIONS
from domain.access import DEVELOPMENT
from domain.streams import REGISTRY
from infra.keys.memory import MemoryKeys
from infra.log.postgres import PostgresLog
from tests.faults.racer import Race

PROCESSES = 4
RUN = "AAA-2013J"
ANSWER_SECONDS_MAX = 60


async def open_run(dsn: str, capacity: int) -> None:
    """Make a course with a run of so many seats."""

    def clock() -> datetime:
        return datetime.now(UTC)

    run = {
        "run": RUN,
        "course": "AAA",
        "title": RUN,
        "starts": "2020-01-01T00:00:00Z",
        "ends": "2099-01-01T00:00:00Z",
        "capacity": capacity,
        "modes": ["honor"],
    }
    course = {"course": "AAA", "title": "Module AAA"}
    reader = CommandReader(DECISIONS, b"secret" * 6, clock)
    async with PostgresLog(dsn, REGISTRY) as log:
        pipeline = Pipeline(log, MemoryKeys(), REGISTRY, clock)
        for name, body in (("create-course", course), ("schedule-run", run)):
            await pipeline.execute(reader.read(name, json.dumps(body).encode(), DEVELOPMENT))


class Processes:
    """Processes that race each other, race after race."""

    def __init__(self) -> None:
        self._all = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.faults.racer", f"p{number}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(PROCESSES)
        ]

    def race(
        self, dsn: str, capacity: int, racers: int, rounds: int = 1, *, heedless: bool = False
    ) -> list[Counter[str]]:
        """Let all go together, and return what each process's racers were answered."""
        asyncio.run(open_run(dsn, capacity))
        self._tell(json.dumps(Race(dsn, RUN, racers, rounds, heedless)._asdict()))
        assert self._said() == ["ready\n"] * PROCESSES
        self._tell("go")
        return [Counter(json.loads(line)) for line in self._said()]

    def end(self) -> None:
        """Kill whoever is left."""
        for process in self._all:
            process.kill()
            process.communicate()

    def _tell(self, line: str) -> None:
        for process in self._all:
            assert process.stdin is not None
            process.stdin.write(line + "\n")
            process.stdin.flush()

    def _said(self) -> list[str]:
        outputs = [process.stdout for process in self._all if process.stdout is not None]
        with ThreadPoolExecutor(PROCESSES) as pool:
            lines = [pool.submit(output.readline) for output in outputs]
            try:
                return [line.result(ANSWER_SECONDS_MAX) for line in lines]
            except TimeoutError:
                self.end()  # so that the readers end, and the pool with them
                raise


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    """Four processes for all races."""
    started = Processes()
    yield started
    started.end()


def seats_taken(dsn: str) -> int:
    """Return how many seats the log says were taken, each by another learner."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "select count(*), count(distinct subject) from log.facts where type = 'SeatTaken'"
        ).fetchone()
    assert row is not None
    assert row[0] == row[1]
    return int(row[0])


@pytest.mark.parametrize(("capacity", "racers"), [(1, 16), (40, 50)])
def test_seats_are_never_sold_twice(
    processes: Processes, dsn: str, capacity: int, racers: int
) -> None:
    """So many learners get in as there are seats, and all others are told that it is full."""
    answers = sum(processes.race(dsn, capacity, racers), Counter())
    assert answers == {"recorded": capacity, "run-full": PROCESSES * racers - capacity}
    assert seats_taken(dsn) == capacity


@pytest.mark.parametrize(("capacity", "racers"), [(1, 16), (40, 50)])
def test_without_the_condition_they_would_be(
    processes: Processes, dsn: str, capacity: int, racers: int
) -> None:
    """The control: the same race, where the facts of the losers are written all the same."""
    answers = sum(processes.race(dsn, capacity, racers, heedless=True), Counter())
    assert answers["recorded"] > capacity
    assert seats_taken(dsn) == answers["recorded"]


def test_no_process_is_starved(processes: Processes, dsn: str) -> None:
    """While seats last, the slowest process gets at least a quarter of what the fastest gets."""
    answers = processes.race(dsn, 1_000, 16, 25)
    assert sum(answers, Counter()) == {"recorded": 1_000, "run-full": 600}
    shares = [each["recorded"] for each in answers]
    assert 4 * min(shares) >= max(shares), shares
