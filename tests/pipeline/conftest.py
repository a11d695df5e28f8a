"""A pipeline on the log in memory, with a run to enrol in."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from commands.batch import CommandReader
from commands.pipeline import Pipeline
from commands.register import DECISIONS
from commands.requests import Answer
from domain.access import DEVELOPMENT
from domain.streams import REGISTRY
from infra.keys.memory import MemoryKeys
from infra.log.memory import MemoryLog

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


def clock() -> datetime:
    return NOW


class Process:
    """What one process has: a pipeline and its cache. Several may share a log."""

    def __init__(self, log: Any, keys: MemoryKeys) -> None:
        self.log = log
        self.pipeline = Pipeline(log, keys, REGISTRY, clock)
        self.reader = CommandReader(DECISIONS, b"secret" * 6, clock)

    def request(self, name: str, key: str | None = None, if_match: int | None = None, **body: Any):
        """Read a command as the HTTP skin does."""
        return self.reader.read(name, json.dumps(body).encode(), DEVELOPMENT, key, if_match)

    async def do(
        self, name: str, key: str | None = None, if_match: int | None = None, **body: Any
    ) -> Answer:
        """Transact one command."""
        return await self.pipeline.execute(self.request(name, key, if_match, **body))


@pytest.fixture
def keys() -> MemoryKeys:
    return MemoryKeys()


@pytest.fixture
def process_on(keys: MemoryKeys) -> Callable[[Any], Process]:
    """Make another process on a log."""
    return lambda log: Process(log, keys)


@pytest.fixture
def process(process_on: Callable[[Any], Process]) -> Process:
    return process_on(MemoryLog(REGISTRY, clock))


async def schedule(process: Process, run: str = "AAA-2013J", capacity: int | None = None) -> None:
    """Create a course and a run of it."""
    await process.do("create-course", course="AAA", title="Module AAA")
    await process.do(
        "schedule-run",
        run=run,
        course="AAA",
        title=run,
        starts="2026-02-01T00:00:00Z",
        ends="2026-11-01T00:00:00Z",
        capacity=capacity,
        modes=["honor"],
        certificate_modes=["honor"],
    )
