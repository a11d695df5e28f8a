"""Which parts make up each role of a cluster? Every role is a process of its own.

The log is the same as that of the embedded way, and so are commands, queries and policies; only
the readings are kept up by workers that Kafka feeds, and Elasticsearch searches.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, nullcontext
from typing import NamedTuple

from domain.streams import REGISTRY
from infra.cache.sharing import Sharing
from infra.compose.erasure import erasing
from infra.compose.identity import identifying
from infra.compose.keys import keeping_keys
from infra.compose.parts import Commands, commanding, policies, querying, storing
from infra.compose.stores import address
from infra.erasure.restored import until_erased
from infra.evidence.sealing import sealer, sealing
from infra.log.reader import PostgresLogReader
from infra.search.clients import query_client, store_client
from infra.search.elasticsearch import ElasticsearchSearch
from infra.search.shelf import ElasticsearchShelf
from infra.settings.fields import Settings
from infra.stores.postgres import PostgresStore
from infra.stores.reading import Pool
from infra.web.authentication import Identify, Sessions
from infra.web.metrics import Metrics
from projections.register import READINGS
from projections.search import SEARCH
from read_api.dependencies import ReadDependencies
from read_api.ports.search import SearchIndex
from read_api.ports.views import Views
from streams.policies.follower import Follower
from streams.runner.keeper import Keeper
from streams.sealer import Sealer


@asynccontextmanager
async def command_api(
    settings: Settings, metrics: Metrics, shared: Sharing
) -> AsyncIterator[Commands]:
    """Have what takes commands for a while: it needs PostgreSQL only."""
    dsn = address(settings)
    async with (
        keeping_keys(settings, dsn) as keys,
        commanding(dsn, keys, metrics, shared.answers) as commands,
    ):
        await until_erased(keys, dsn)
        yield commands


@asynccontextmanager
async def query_api(settings: Settings, shared: Sharing) -> AsyncIterator[ReadDependencies]:
    """Have what answers queries for a while. Readings are kept up elsewhere."""
    dsn, cluster = address(settings), settings.cluster
    client = query_client(settings.elasticsearch_url or "")

    def search(pool: Pool, _: Views) -> SearchIndex:
        return ElasticsearchSearch(client, pool, cluster)

    try:
        async with (
            keeping_keys(settings, dsn) as keys,
            storing(dsn) as store,
            querying(dsn, keys, store, lambda: True, search, shared.sources) as reads,
        ):
            await until_erased(keys, dsn)
            yield reads
    finally:
        await client.close()


@asynccontextmanager
async def identifying_alone(
    settings: Settings, sessions: Sessions | None
) -> AsyncIterator[Identify]:
    """Have what says who sends a request for a while."""
    dsn = address(settings)
    async with (
        keeping_keys(settings, dsn) as keys,
        identifying(settings, dsn, keys, sessions) as identify,
    ):
        yield identify


def _expunge(settings: Settings) -> Callable[[], None]:
    """Return what has the search index drop the bytes of replaced documents."""

    def expunge() -> None:
        with closing(store_client(settings.elasticsearch_url or "")) as client:
            ElasticsearchShelf(client, settings.cluster).expunge(SEARCH.name)

    return expunge


class Following(NamedTuple):
    """What the one leader among the followers does."""

    policies: list[Follower]
    keeper: Keeper
    sealer: Sealer | None


@asynccontextmanager
async def followers(settings: Settings, store: PostgresStore) -> AsyncIterator[Following]:
    """Run policies, sealer and the keeper of the readings for a while, since ``store`` leads."""
    dsn, how = address(settings), sealing(settings)
    reader = PostgresLogReader(dsn)
    keeper = Keeper(reader, store, store, READINGS, REGISTRY, settings.partitions)
    try:
        async with (
            keeping_keys(settings, dsn) as keys,
            commanding(dsn, keys, Metrics()) as commands,
            policies(dsn, commands) as followed,
            erasing(dsn, keys, commands, _expunge(settings), relays=True) as erasers,
        ):
            keeper.start()
            try:
                with nullcontext() if how is None else sealer(dsn, how) as sealing_:
                    yield Following([*followed, *erasers], keeper, sealing_)
            finally:
                await asyncio.to_thread(keeper.stop)
    finally:
        await asyncio.to_thread(reader.close)
