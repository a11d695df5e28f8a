"""Which parts bring the log to Kafka?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from domain.streams import REGISTRY
from infra.kafka.producer import KafkaTopic
from infra.kafka.topics import PACKS, PUBLIC
from infra.log.pages import PostgresPages
from infra.stores.relay import PostgresLead
from streams import topics
from streams.relay.packs import PackPublisher
from streams.relay.public import PublicPublisher
from streams.relay.relay import Relay


@asynccontextmanager
async def relaying(dsn: str, kafka: str, cluster: str, partitions: int) -> AsyncIterator[Relay]:
    """Have a relay from a log to the two topics of a cluster, not run yet."""
    lead = PostgresLead(dsn)
    packed, told = PostgresPages(dsn), PostgresPages(dsn)
    internal = KafkaTopic(kafka, topics.packs(cluster, partitions), partitions, PACKS)
    public = KafkaTopic(kafka, topics.public(cluster), partitions, PUBLIC)
    first = PackPublisher(packed, internal, lead)
    second = PublicPublisher(told, public, lead, REGISTRY, first.caught_up)
    try:
        yield Relay(lead, (first, second))
    finally:
        for pages in (packed, told):
            await pages.close()
        await lead.close()
