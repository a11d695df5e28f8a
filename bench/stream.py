"""How fast does a reading catch up with the log through Kafka, and which stage is the bottleneck?

Log, relay, Kafka, Faust and PostgreSQL, every process its own as in a cluster. Beside it, in the
same run, the same worker is given the facts that follow one a message: the reading is as large
then, and what they concern is as far from being at hand.

The relay is ended when it has sent all packs: what it sends to the outside then is measured by the
benchmark named after it.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import psycopg

from bench.process import CPU_SECONDS, MEMORY_BYTES, Process, Samples
from bench.report import Report
from bench.rig import run, server
from bench.university import envelopes, fill
from infra.engines.kafka import Kafka
from infra.kafka.producer import KafkaTopic
from infra.kafka.topics import PACKS
from infra.log.pages import PostgresPages
from infra.log.reader import PostgresLogReader
from infra.stores.postgres import PostgresStore
from projections.progress import PROGRESS
from streams import topics
from streams.packs import encode
from streams.relay.packing import Packer
from streams.relay.packs import PAGE_FACTS_MAX
from streams.relay.ports import Message

FACTS, FACTS_QUICK = 1_000_000, 100_000
SINGLE_FACTS, SINGLE_FACTS_QUICK = 50_000, 20_000
"""Facts sent one a message."""
PARTITIONS = 4
RATIO = 5.0
GROWTH_MAX = 1.25
"""Memory of a process at the end to that after a quarter of the way."""
QUARTER = 0.25
MEGABYTE = 1_048_576
LOOK_SECONDS = 0.02
CATCH_UP_SECONDS_MAX = 900.0
_POSITIONS = """
  select coalesce((select min(position) from readings.state where live), 0),
    coalesce((select max(position) from streams.relay where name = 'packs'), 0)
"""


class Way(NamedTuple):
    """How a log got into the reading: what was seen from outside, and what each process said after
    a quarter of the way and at the end."""

    seconds: float
    facts: int
    relay_seconds: float
    quarter: Mapping[str, Samples]
    end: Mapping[str, Samples]

    @property
    def rate(self) -> float:
        """Facts per second from the first commit on."""
        return self.facts / self.seconds


def measure(quick: bool) -> Report:
    """Catch up with a log that is there, in packs; then with the beginning of it, one by one."""
    count = FACTS_QUICK if quick else FACTS
    alone = SINGLE_FACTS_QUICK if quick else SINGLE_FACTS
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="registrar-bench-")))
        kafka = held.enter_context(Kafka(folder / "kafka"))
        dsn = held.enter_context(server()).dsn
        log = envelopes(count + alone)
        fill(dsn, islice(log, count))
        _make(dsn)
        packed = _follow(folder, dsn, kafka, "packed", ("relay", "worker"), (0, count))
        fill(dsn, log)
        run(_send_singly(dsn, kafka.bootstrap, "single", count))
        single = _follow(folder, dsn, kafka, "single", ("worker",), (count, count + alone))
    figures = _figures(packed, count) | {"single_facts_per_s": single.rate}
    return Report(
        "stream",
        {"packed_to_single": packed.rate / single.rate},
        {"packed_to_single": RATIO},
        figures,
        {name: GROWTH_MAX for name in figures if name.endswith("_memory_growth")},
    )


def _make(dsn: str) -> None:
    """Have a reading that has taken in nothing of the log."""
    with closing(PostgresStore(dsn)) as store, closing(PostgresLogReader(dsn)) as reader:
        store.create(PROGRESS, reader.epoch(), PARTITIONS)


async def _send_singly(dsn: str, bootstrap: str, cluster: str, after: int) -> None:
    """Do the relay's work with packs of one fact each, for what follows this position."""
    pages = PostgresPages(dsn)
    topic = KafkaTopic(bootstrap, topics.packs(cluster, PARTITIONS), PARTITIONS, PACKS)
    await topic.open()
    page = await pages.page(after, PAGE_FACTS_MAX)
    packer = Packer(page.epoch, after, PARTITIONS)
    while page.facts:
        packs = [pack for fact in page.facts for pack in packer.take((fact,))]
        packs += packer.watermarks() if packer.position == page.head else []
        await asyncio.gather(
            *[await topic.send(number, (Message(None, encode(pack)),)) for number, pack in packs]
        )
        page = await pages.page(packer.position, PAGE_FACTS_MAX)
    await topic.close()
    await pages.close()


def _follow(
    folder: Path,
    dsn: str,
    kafka: Kafka,
    cluster: str,
    names: tuple[str, ...],
    between: tuple[int, int],
) -> Way:
    """Run these processes until the reading, which is at the first position, is at the second: the
    end of the log."""
    settings = {
        "REGISTRAR_DATABASE_URL": dsn,
        "REGISTRAR_KAFKA": kafka.bootstrap,
        "REGISTRAR_CLUSTER": cluster,
        "REGISTRAR_PARTITIONS": str(PARTITIONS),
        "REGISTRAR_ELASTICSEARCH_URL": "http://127.0.0.1:9",  # this reading never asks it
    }
    words = {"relay": ["relay"], "worker": ["work", PROGRESS.name, "--instance", "bench"]}
    processes: dict[str, Process] = {}
    try:
        for name in names:
            processes[name] = Process(f"{cluster}-{name}", words[name], settings, folder)
        with psycopg.connect(dsn, autocommit=True) as connection:
            return _watch(connection, processes, *between)
    finally:
        for process in processes.values():
            process.stop()


def _watch(
    connection: psycopg.Connection, processes: Mapping[str, Process], start: int, end: int
) -> Way:
    """Look until the reading is at the end. Raises TimeoutError."""
    started = time.monotonic()
    begun = sent_from = sent_until = (started, start)
    quarter: dict[str, Samples] = {}
    said: dict[str, Samples] = {}
    position, sent = start, 0
    while position < end:
        time.sleep(LOOK_SECONDS)
        row = connection.execute(_POSITIONS).fetchone()
        assert row is not None
        now, before, sent_before = time.monotonic(), position, sent
        position, sent = row
        if now - started > CATCH_UP_SECONDS_MAX or not processes["worker"].running:
            raise TimeoutError(f"at {position}: {processes['worker'].output[-2_000:]}")
        if position > start and before == start:
            begun = now, position
        if sent > 0 and sent_before == 0:
            sent_from = now, sent
        if "relay" in processes and sent >= end > sent_before:
            sent_until = now, sent
            said["relay"] = processes["relay"].samples()
            processes["relay"].stop()
        if position >= start + (end - start) * QUARTER and not quarter:
            quarter = {name: one.samples() for name, one in processes.items() if one.running}
    said["worker"] = processes["worker"].samples()
    seconds, facts = now - begun[0], end - begun[1]
    sending = (sent_until[0] - sent_from[0]) * (end - start) / max(1, sent_until[1] - sent_from[1])
    return Way(seconds, facts, sending, quarter, said)


def _figures(way: Way, count: int) -> dict[str, float]:
    worker = way.end["worker"]
    figures = {
        "facts": float(count),
        "facts_per_s": way.rate,
        "seconds_per_million": 1_000_000 / way.rate,
        "facts_a_batch": count / worker['registrar_worker_batches_total{reading="progress"}'],
        "relay_facts_per_s": count / way.relay_seconds,
    }
    for name, value in worker.items():
        if name.startswith("registrar_worker_seconds_total"):
            figures[f"worker_{name.split(chr(34))[3]}_facts_per_s"] = count / value
    for name, samples in way.end.items():
        figures[f"{name}_cpu_us_per_fact"] = samples[CPU_SECONDS] * 1e6 / count
        figures[f"{name}_memory_mb"] = samples[MEMORY_BYTES] / MEGABYTE
        if name in way.quarter:
            figures[f"{name}_memory_growth"] = (
                samples[MEMORY_BYTES] / way.quarter[name][MEMORY_BYTES]
            )
    return figures
