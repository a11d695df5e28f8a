"""How fast do the log's facts get into Kafka, and which stage is the next bottleneck?"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import psutil

from bench.report import Report
from bench.rig import run, server
from bench.university import load
from domain.streams import REGISTRY
from infra.compose.relay import relaying
from infra.engines.kafka import Kafka
from infra.kafka.producer import KafkaTopic
from infra.kafka.topics import PACKS
from infra.log.pages import PostgresPages
from infra.process import calm_garbage_collection
from projections.partitions import partition_of
from streams.packs import encode
from streams.relay.packing import Packer
from streams.relay.packs import PAGE_FACTS_MAX
from streams.relay.ports import Message, Page
from streams.relay.public import messages

FACTS = 1_000_000
FACTS_QUICK = 100_000
STAGED_FACTS = 100_000
"""Facts that each stage is measured alone with."""
SINGLE_FACTS = 20_000
"""Facts sent one a message, for comparison with the same producer sending packs."""
PUBLIC_SECONDS = 5.0
PARTITIONS = 4
SECONDS_PER_MILLION_MAX = 10.0
SINGLE_RATIO = 3.0
LOOK_SECONDS = 0.01


def measure(quick: bool) -> Report:
    """Send a whole log as packs, then for some seconds as events; then each stage alone."""
    calm_garbage_collection()
    count = FACTS_QUICK if quick else FACTS
    with server() as postgres, _kafka() as kafka:
        body_bytes = load(postgres.dsn, count)
        figures = {"facts": float(count), "body_bytes_mean": body_bytes / count}
        figures |= run(_whole(postgres.dsn, kafka.bootstrap, count))
        figures |= run(_stages(postgres.dsn, kafka.bootstrap))
    return Report(
        "relay",
        {"packed_to_single": figures["produce_facts_per_s"] / figures["single_facts_per_s"]},
        {"packed_to_single": SINGLE_RATIO},
        figures,
        {"seconds_per_million": SECONDS_PER_MILLION_MAX},
    )


@contextmanager
def _kafka() -> Iterator[Kafka]:
    folder = Path(tempfile.mkdtemp(prefix="registrar-bench-"))
    try:
        with Kafka(folder / "kafka") as kafka:
            yield kafka
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _whole(dsn: str, bootstrap: str, count: int) -> dict[str, float]:
    """Return what the relay does with a log that it finds full: packs go first, then events."""
    async with relaying(dsn, bootstrap, f"bench-{uuid.uuid4().hex}", PARTITIONS) as relay:
        packs, public = (publisher.progress for publisher in relay.publishers)
        cpu, begun = time.process_time(), time.perf_counter()
        running = asyncio.create_task(relay.run())
        while packs.position < count and not running.done():  # noqa: ASYNC110 - looks from outside
            await asyncio.sleep(LOOK_SECONDS)
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
        told, begun = public.position, time.perf_counter()
        await asyncio.sleep(PUBLIC_SECONDS)
        published = (public.position - told) / (time.perf_counter() - begun)
        relay.stop()
        await running
    return {
        "seconds_per_million": seconds * 1_000_000 / count,
        "facts_per_s": count / seconds,
        "own_cpu_us_per_fact": cpu * 1_000_000 / count,
        "facts_a_message": packs.facts / packs.messages,
        "public_while_packs_facts": float(told),
        "public_facts_per_s": published,
        "memory_mb": psutil.Process().memory_info().rss / 1_048_576,
    }


async def _stages(dsn: str, bootstrap: str) -> dict[str, float]:
    """Return facts per second of each stage alone."""
    pages = PostgresPages(dsn)
    begun = time.perf_counter()
    read = [
        await pages.page(after, PAGE_FACTS_MAX) for after in range(0, STAGED_FACTS, PAGE_FACTS_MAX)
    ]
    page_rate = STAGED_FACTS / (time.perf_counter() - begun)
    await pages.close()
    packer = Packer("bench", 0, PARTITIONS)
    begun = time.perf_counter()
    packed = [
        (partition, Message(None, encode(pack)))
        for page in read
        for partition, pack in packer.take(page.facts)
    ]
    pack_rate = STAGED_FACTS / (time.perf_counter() - begun)
    begun = time.perf_counter()
    for page in read:
        messages(page.facts, "bench", REGISTRY, PARTITIONS)
    event_rate = STAGED_FACTS / (time.perf_counter() - begun)
    return {
        "page_facts_per_s": page_rate,
        "pack_facts_per_s": pack_rate,
        "produce_facts_per_s": STAGED_FACTS / await _sent(bootstrap, packed),
        "events_made_facts_per_s": event_rate,
        "single_facts_per_s": SINGLE_FACTS / await _sent(bootstrap, _single(read)),
    }


def _single(read: list[Page]) -> list[tuple[int, Message]]:
    facts = islice((fact for page in read for fact in page.facts), SINGLE_FACTS)
    return [
        (partition_of(fact.subject or fact.stream, PARTITIONS), Message(None, fact.body))
        for fact in facts
    ]


async def _sent(bootstrap: str, prepared: list[tuple[int, Message]]) -> float:
    """Return the seconds until these are all acknowledged."""
    topic = KafkaTopic(bootstrap, f"bench-{uuid.uuid4().hex}", PARTITIONS, PACKS)
    await topic.open()
    begun = time.perf_counter()
    await asyncio.gather(
        *[await topic.send(partition, (message,)) for partition, message in prepared]
    )
    seconds = time.perf_counter() - begun
    await topic.close()
    return seconds
