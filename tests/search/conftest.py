"""In which engines is searched, and what is there to be found?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from typing import Any
from uuid import uuid4

import pytest
from elasticsearch import Elasticsearch as Client

from domain.catalogue.facts import ContentVersionPublished, CourseCreated, Item
from domain.enrolment.facts import LearnerEnrolled
from domain.kernel import Fact
from domain.streams import REGISTRY
from infra.engines.elasticsearch import Elasticsearch
from infra.search.clients import query_client, store_client
from infra.search.elasticsearch import ElasticsearchSearch
from infra.search.postgres import PostgresSearch
from infra.search.shelf import ElasticsearchShelf
from infra.stores.postgres import PostgresStore
from infra.stores.reading import read_pool
from infra.stores.views import PostgresViews
from projections.search import SEARCH
from read_api.ports.search import Matches, SearchIndex
from streams.runner.runner import Runner
from tests.databases import Databases
from tests.readings import histories as h
from tests.readings.recorded import Recorded
from tests.shelves import shelf

_CONTENT = f"run-content/{h.RUN}"
FURNISHED: tuple[tuple[str, Fact], ...] = (
    *h.CATALOGUE,
    (
        "course/BIO",
        CourseCreated("BIO", "Café culture: naïve Œuvres", "Straße, Łódź and São Paulo"),
    ),
    ("course/GEO", CourseCreated("GEO", "Geologists' essays", "Stones; and what's under them.")),
    (h.enrolment("oulad-11391"), LearnerEnrolled("audit")),
    (h.enrolment("oulad-11392"), LearnerEnrolled("audit")),
    (h.enrolment("oulad-11391"), h.issued("oulad-11391")),
)

LATER: tuple[tuple[str, Fact], ...] = (
    (_CONTENT, ContentVersionPublished(h.RUN, 2, h.CONTENT.items[:1], removed=("v1",))),
    ("course/X", CourseCreated("X", "Something new")),
    (h.enrolment("oulad-11392", "BBB"), LearnerEnrolled("audit")),
    (_CONTENT, ContentVersionPublished(h.RUN, 3, (Item("v1", "video", "Back again"),))),
)


class Searching:
    """A search index that follows a log, asked from a test's own thread."""

    def __init__(self, index: SearchIndex, store: PostgresStore, loop: asyncio.Runner) -> None:
        self.index = index
        self.store = store
        self.log = Recorded()
        self._loop = loop
        self._runner = Runner(self.log, store, store, (SEARCH,), REGISTRY)
        self._runner.run_until_idle()

    def add(self, *facts: tuple[str, Fact]) -> None:
        """Record facts, each with its stream, and have them read."""
        for stream, fact in facts:
            self.log.add(stream, fact)
        self._runner.run_until_idle()

    def rebuild(self) -> None:
        """Fill another generation from the log, and have it take over."""
        self.store.ask(SEARCH.name, "rebuild")
        runner = Runner(self.log, self.store, self.store, (SEARCH,), REGISTRY)
        runner.run_until_idle()
        runner.stop()

    def search(
        self,
        words: str,
        kind: str | None = None,
        limit: int = 50,
        offset: int = 0,
        tenant: str = "main",
    ) -> Matches:
        """Search."""
        return self._loop.run(self.index.search(tenant, words, kind, limit, offset))

    def found(self, words: str, **more: Any) -> list[str]:
        """Return the ids found, in order."""
        return [match.id for match in self.search(words, **more).hits]

    def stop(self) -> None:
        """Follow the log no longer."""
        self._runner.stop()


class Shelved(Searching):
    """One whose documents stand in Elasticsearch."""

    cluster: str
    shelf: ElasticsearchShelf


@contextmanager
def in_postgres(dsn: str) -> Iterator[Searching]:
    """Search by PostgreSQL's full text."""
    with asyncio.Runner() as loop, closing(PostgresStore(dsn)) as store:
        pool = read_pool(dsn, 2)
        loop.run(pool.open())
        one = Searching(PostgresSearch(PostgresViews(pool)), store, loop)
        try:
            yield one
        finally:
            one.stop()
            loop.run(pool.close())


@contextmanager
def in_elasticsearch(dsn: str, url: str) -> Iterator[Shelved]:
    """Search by Elasticsearch, with the positions in PostgreSQL; the indexes go afterwards."""
    cluster = f"test-{uuid4().hex}"
    with (
        asyncio.Runner() as loop,
        shelf(url, cluster) as kept,
        closing(PostgresStore(dsn, {SEARCH.name: kept})) as store,
    ):
        stack = AsyncExitStack()

        async def begin() -> SearchIndex:
            pool = await stack.enter_async_context(read_pool(dsn, 2))
            asking = await stack.enter_async_context(query_client(url))
            return ElasticsearchSearch(asking, pool, cluster)

        one = Shelved(loop.run(begin()), store, loop)
        one.cluster, one.shelf = cluster, kept
        try:
            yield one
        finally:
            one.stop()
            loop.run(stack.aclose())


@contextmanager
def searching_in(request: pytest.FixtureRequest, name: str) -> Iterator[Searching]:
    """Search in one of the engines, in a database and an index of its own."""
    server = "databases_15" if name == "postgres-15" else "databases_18"
    databases: Databases = request.getfixturevalue(server)
    with databases.fresh() as dsn:
        if name == "elasticsearch":
            engine: Elasticsearch = request.getfixturevalue("elasticsearch")
            with in_elasticsearch(dsn, engine.url) as one:
                yield one
        else:
            with in_postgres(dsn) as one:
                yield one


@pytest.fixture(scope="module", params=["postgres", "postgres-15", "elasticsearch"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    return str(request.param)


@pytest.fixture
def searching(request: pytest.FixtureRequest, engine: str) -> Iterator[Searching]:
    """A search index with nothing in it."""
    with searching_in(request, engine) as one:
        yield one


@pytest.fixture(scope="module")
def furnished(request: pytest.FixtureRequest, engine: str) -> Iterator[Searching]:
    """Three courses, a run with two items, two learners and a certificate. Tests only read it."""
    with searching_in(request, engine) as one:
        one.add(*FURNISHED)
        yield one


@pytest.fixture
def client(elasticsearch: Elasticsearch) -> Iterator[Client]:
    """A client of the test's own."""
    with store_client(elasticsearch.url) as own:
        yield own


@pytest.fixture
def one(dsn: str, elasticsearch: Elasticsearch) -> Iterator[Shelved]:
    """A search in Elasticsearch, with a little in it."""
    with in_elasticsearch(dsn, elasticsearch.url) as searching:
        searching.add(*FURNISHED)
        yield searching
