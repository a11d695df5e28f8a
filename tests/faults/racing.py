"""Processes that race each other over one database, and what a race is prepared with."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

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


async def send(dsn: str, *commands: tuple[str, dict[str, Any]]) -> None:
    """Send commands, one after another."""

    def clock() -> datetime:
        return datetime.now(UTC)

    reader = CommandReader(DECISIONS, b"secret" * 6, clock)
    async with PostgresLog(dsn, REGISTRY) as log:
        pipeline = Pipeline(log, MemoryKeys(), REGISTRY, clock)
        for name, body in commands:
            await pipeline.execute(reader.read(name, json.dumps(body).encode(), DEVELOPMENT))


def run_with(capacity: int | None, **more: Any) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return what makes a course with a run of so many seats."""
    run = {
        "run": RUN,
        "course": "AAA",
        "title": RUN,
        "starts": "2020-01-01T00:00:00Z",
        "ends": "2099-01-01T00:00:00Z",
        "capacity": capacity,
        "modes": ["honor"],
        **more,
    }
    course = {"course": "AAA", "title": "Module AAA"}
    return (("create-course", course), ("schedule-run", run))


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
        """Let all go together for seats, and return what each process's racers were answered."""
        asyncio.run(send(dsn, *run_with(capacity)))
        return self.take_part(Race(dsn, RUN, racers, rounds, heedless))

    def take_part(self, race: Race) -> list[Counter[str]]:
        """Let all go together, and return what each process's racers were answered."""
        self._tell(json.dumps(race._asdict()))
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
