"""Which stores keep readings?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.stores.memory import MemoryStore
from infra.stores.postgres import PostgresStore

Store = MemoryStore | PostgresStore


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Each store in turn, empty."""
    if request.param == "memory":
        yield MemoryStore()
        return
    kept = PostgresStore(request.getfixturevalue("dsn"))
    yield kept
    kept.close()


@pytest.fixture
def kept(dsn: str) -> Iterator[PostgresStore]:
    """The store that the product runs on."""
    store = PostgresStore(dsn)
    yield store
    store.close()
