"""Is every fact of the log in the topics, for each partition in a chain without gaps?

Written apart from the relay: partitions are computed by another implementation, and a consumer is
played that goes by positions.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.partitioner import murmur2

from streams.packs import decode
from streams.relay.ports import Message

READ_SECONDS_MAX = 60
NOBODYS = ("course", "run", "run-content", "run-seats")


class Row(NamedTuple):
    """A fact as the log has it."""

    position: int
    stream: str
    subject: str | None
    body: bytes


def log_of(dsn: str) -> tuple[str, list[Row]]:
    """Return the log's epoch, and all of it."""
    with psycopg.connect(dsn) as connection:
        epoch = connection.execute("select name from log.epoch").fetchone()
        rows = connection.execute(
            "select position, stream, subject, body from log.facts order by position"
        ).fetchall()
    assert epoch is not None
    return str(epoch[0]), [Row(*row) for row in rows]


def partition(key: str, partitions: int) -> int:
    """Return where Kafka's own partitioner puts a key."""
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % partitions)


def read_topic(bootstrap: str, topic: str, partitions: int) -> list[list[Message]]:
    """Return all that is in a topic, by partition."""
    return asyncio.run(_read(bootstrap, topic, partitions))


async def _read(bootstrap: str, topic: str, partitions: int) -> list[list[Message]]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, max_partition_fetch_bytes=4_194_304)
    own = [TopicPartition(topic, number) for number in range(partitions)]
    found: list[list[Message]] = [[] for _ in own]
    await consumer.start()
    try:
        consumer.assign(own)
        await consumer.seek_to_beginning(*own)
        ends = await consumer.end_offsets(own)
        async with asyncio.timeout(READ_SECONDS_MAX):
            while any([await consumer.position(one) < ends[one] for one in own]):
                for one, records in (await consumer.getmany(timeout_ms=200)).items():
                    found[one.partition] += [
                        Message(r.key, r.value, r.headers, r.timestamp) for r in records
                    ]
    finally:
        await consumer.stop()
    return found


def check_packs(
    stored: Sequence[Sequence[Message]], epoch: str, rows: Sequence[Row], whole: bool = True
) -> None:
    """Check that a consumer that goes by positions gets each of its facts once, in order, and
    meets no gap; ``whole``: up to the end of the log."""
    head = rows[-1].position if rows else 0
    for number, messages in enumerate(stored):
        position, got = 0, []
        for message in messages:
            assert message.value is not None
            pack = decode(message.value)
            if pack.epoch != epoch:
                continue
            assert pack.after <= position, f"a gap in partition {number}: {position}, {pack.after}"
            assert pack.after <= pack.through
            for fact in pack.facts:
                assert pack.after < fact.position <= pack.through
                if fact.position > position:
                    got.append((fact.position, fact.shared, fact.body))
            position = max(position, pack.through)
        expected = []
        for row in rows:
            shared = row.subject is None or row.stream.split("/")[1] in NOBODYS
            if shared or partition(str(row.subject), len(stored)) == number:
                expected.append((row.position, shared, row.body))
        if whole:
            assert position == head, f"partition {number} was told {position} of {head}"
        else:
            expected = [entry for entry in expected if entry[0] <= position]
        assert got == expected


def check_events(
    stored: Sequence[Sequence[Message]], epoch: str, rows: Sequence[Row], canary: str
) -> None:
    """Check that every fact was told, for each key in the log's order, and nothing sealed."""
    told: defaultdict[str, list[int]] = defaultdict(list)
    for number, messages in enumerate(stored):
        for message in messages:
            assert canary.encode() not in (message.value or b"")
            headers = texts(message)
            assert canary not in str(headers)
            if headers["ce_epoch"] != epoch:
                continue
            assert message.key is not None
            key, sequence = message.key.decode(), int(headers["ce_sequence"])
            assert partition(key, len(stored)) == number
            if not told[key] or sequence > told[key][-1]:
                told[key].append(sequence)
            if message.value is not None:
                msgspec.json.decode(message.value)
    expected: defaultdict[str, list[int]] = defaultdict(list)
    for row in rows:
        key = f"main/{row.subject}" if row.subject else row.stream
        expected[key].append(row.position)
    assert told == expected


def texts(message: Message) -> Mapping[str, str]:
    """Return a message's headers as text."""
    return {name: value.decode() for name, value in message.headers}
