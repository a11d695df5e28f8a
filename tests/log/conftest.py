"""Which logs does the contract hold for?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from infra.log.memory import MemoryLog
from infra.log.postgres import PostgresLog
from infra.log.reader import PostgresLogReader
from tests.databases import Databases
from tests.log.facts import REGISTRY, Clock, Place


@pytest.fixture(params=["memory", "postgres-18", "postgres-15"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A place for one log, empty at first, that processes can share where it is PostgreSQL."""
    if request.param == "memory":
        clock = Clock()
        log = MemoryLog(REGISTRY, clock)
        yield Place(request.param, lambda: _the_same(log), log.reader, None)
        return
    databases: Databases = request.getfixturevalue(request.param.replace("postgres-", "databases_"))
    with databases.fresh() as dsn, _readers(dsn) as reader:
        yield Place(request.param, lambda: PostgresLog(dsn, REGISTRY), reader, dsn)


@asynccontextmanager
async def _the_same(log: MemoryLog) -> AsyncIterator[MemoryLog]:
    yield log


@contextmanager
def _readers(dsn: str) -> Iterator[Callable[[], PostgresLogReader]]:
    made: list[PostgresLogReader] = []

    def make() -> PostgresLogReader:
        made.append(PostgresLogReader(dsn))
        return made[-1]

    try:
        yield make
    finally:
        for reader in made:
            reader.close()
