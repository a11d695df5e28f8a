"""Which stores keep readings?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from uuid import uuid4

import pytest

from infra.engines.elasticsearch import Elasticsearch
from infra.logins import Login
from infra.stores.memory import MemoryStore
from infra.stores.postgres import PostgresStore
from infra.stores.shelves import Shelf
from tests.databases import logged_in
from tests.shelves import shelf

Store = MemoryStore | PostgresStore


@contextmanager
def store_in(request: pytest.FixtureRequest, name: str) -> Iterator[Store]:
    """Have an empty store for a while; Elasticsearch keeps a reading called sample, a worker of a
    cluster logs in to PostgreSQL as itself."""
    if name == "memory":
        yield MemoryStore()
        return
    shelves: dict[str, Shelf] = {}
    with ExitStack() as stack:
        if name == "elasticsearch":
            engine: Elasticsearch = request.getfixturevalue("elasticsearch")
            shelves["sample"] = stack.enter_context(shelf(engine.url, f"test-{uuid4().hex}"))
        dsn = request.getfixturevalue("dsn")
        if name == "worker":
            dsn = logged_in(dsn, Login.WORKERS)
        yield stack.enter_context(closing(PostgresStore(dsn, shelves)))


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Each store in turn, empty."""
    with store_in(request, request.param) as one:
        yield one


@pytest.fixture
def kept(dsn: str) -> Iterator[PostgresStore]:
    """The store that the product runs on."""
    store = PostgresStore(dsn)
    yield store
    store.close()
