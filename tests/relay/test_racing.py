"""Do two relays that both believe to lead leave everything whole, on a real Kafka?"""

from __future__ import annotations

import asyncio
import uuid

from domain.streams import REGISTRY
from infra.engines.kafka import Kafka
from infra.kafka.producer import KafkaTopic
from infra.kafka.topics import PACKS, PUBLIC
from streams import topics
from streams.relay.packs import PackPublisher
from streams.relay.public import PublicPublisher
from streams.relay.relay import Relay
from tests.relay.checker import Row, check_events, check_packs, read_topic
from tests.relay.load import CANARY, Recorder
from tests.relay.memory import MemoryLead, MemoryPages, until

PARTITIONS = 3
FACTS = 2_000


def racer(log: MemoryPages, kafka: Kafka, cluster: str) -> tuple[Relay, MemoryLead]:
    """A relay with a lead of its own, which nobody else can take from it."""
    lead = MemoryLead(log)
    packed = KafkaTopic(kafka.bootstrap, topics.packs(cluster, PARTITIONS), PARTITIONS, PACKS)
    told = KafkaTopic(kafka.bootstrap, topics.public(cluster), PARTITIONS, PUBLIC)
    first = PackPublisher(log, packed, lead)
    second = PublicPublisher(log, told, lead, REGISTRY, first.caught_up)
    return Relay(lead, (first, second)), lead


def test_two_relays_racing_leave_no_gap(kafka: Kafka) -> None:
    """Their packs and events come mixed and twice; filtered by position all is there, in order."""
    cluster, log, recorder = f"test-{uuid.uuid4().hex[:8]}", MemoryPages(), Recorder()
    log.record(*recorder.next(FACTS // 2))

    async def work() -> None:
        racers = [racer(log, kafka, cluster) for _ in range(2)]
        running = [asyncio.create_task(relay.run()) for relay, _ in racers]
        while len(log.rows) < FACTS:
            log.record(*recorder.next(50))
            await asyncio.sleep(0.02)
        end = ("first", FACTS)
        places = [lead.places for _, lead in racers]
        await until(
            lambda: all(list(own.values()) == [end, end] for own in places), "both catch up"
        )
        for relay, _ in racers:
            relay.stop()
        await asyncio.gather(*running)

    asyncio.run(work())
    rows = [Row(row.position, row.stream, row.subject, row.body) for row in log.rows]
    packs = read_topic(kafka.bootstrap, topics.packs(cluster, PARTITIONS), PARTITIONS)
    check_packs(packs, "first", rows)
    events = read_topic(kafka.bootstrap, topics.public(cluster), PARTITIONS)
    check_events(events, "first", rows, CANARY)
    assert sum(map(len, events)) == 2 * FACTS
