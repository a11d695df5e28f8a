"""Does a topic keep what its port promises, in memory and on Kafka?"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

import pytest

from infra.engines.kafka import Kafka
from infra.kafka.memory import MemoryTopic
from infra.kafka.producer import BATCH_BYTES_MAX, KafkaTopic
from infra.kafka.topics import MESSAGE_BYTES_MAX, PUBLIC
from streams.relay.ports import Message, Topic, TopicUnavailable, TopicUnfit
from tests.relay.checker import read_topic

PARTITIONS = 3
SECONDS_MAX = 60


class Place(NamedTuple):
    """A topic that is not there yet: its producer, and what is in it."""

    topic: Callable[[], Topic]
    stored: Callable[[], list[list[Message]]]


@pytest.fixture(params=["memory", "kafka"])
def place(request: pytest.FixtureRequest) -> Place:
    """A place for one topic."""
    if request.param == "memory":
        topic = MemoryTopic(PARTITIONS)
        return Place(lambda: topic, lambda: topic.stored)
    kafka: Kafka = request.getfixturevalue("kafka")
    name = f"test-{uuid.uuid4().hex}"
    return Place(
        lambda: KafkaTopic(kafka.bootstrap, name, PARTITIONS, PUBLIC),
        lambda: read_topic(kafka.bootstrap, name, PARTITIONS),
    )


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine, a minute at most."""

    async def bounded() -> None:
        async with asyncio.timeout(SECONDS_MAX):
            await work

    asyncio.run(bounded())


def numbered(first: int, count: int) -> list[Message]:
    """Messages that say which they are."""
    return [
        Message(b"k%d" % n, b"v%d" % n, [("n", b"%d" % n)], 1_000 + n)
        for n in range(first, first + count)
    ]


def test_messages_of_a_partition_keep_their_order(place: Place) -> None:
    """Sent one by one or many at once, in two goes, with key, value, headers and time."""

    async def work() -> None:
        for go in range(2):
            topic = place.topic()
            await topic.open()
            sent = []
            for turn in range(0, 60, 6):
                begin = go * 1_000 + turn
                for partition in range(2):
                    sent.append(await topic.send(partition, numbered(begin, 1)))
                    sent.append(await topic.send(partition, numbered(begin + 1, 5)))
            await asyncio.gather(*sent)
            await topic.close()

    run(work())
    expected = [message for go in (0, 1_000) for message in numbered(go, 60)]
    stored = [
        [message._replace(headers=list(message.headers)) for message in partition]
        for partition in place.stored()
    ]
    assert stored == [expected, expected, []]


def test_large_messages_and_empty_ones(place: Place) -> None:
    """Larger than a batch, larger than all of a batch together, and no value at all."""
    large = Message(b"large", b"x" * (3 * BATCH_BYTES_MAX))
    many = [Message(b"many", bytes([n]) * (BATCH_BYTES_MAX // 3)) for n in range(7)]
    nothing = Message(b"nothing", None)

    async def work() -> None:
        topic = place.topic()
        await topic.open()
        for messages in ([large], many, [nothing]):
            await (await topic.send(0, messages))
        await topic.close()

    run(work())
    stored = place.stored()[0]
    assert [(m.key, m.value) for m in stored] == [(m.key, m.value) for m in (large, *many, nothing)]


def test_a_topic_that_is_not_open_takes_nothing(place: Place) -> None:
    """Before it was opened, and after it was closed; closing twice is no fault."""

    async def work() -> None:
        topic = place.topic()
        with pytest.raises(TopicUnavailable):
            await topic.send(0, numbered(0, 1))
        await topic.open()
        await topic.close()
        await topic.close()
        with pytest.raises(TopicUnavailable):
            await topic.send(0, numbered(0, 1))

    run(work())


def test_kafka_refuses_another_number_of_partitions(kafka: Kafka) -> None:
    """What is there already is looked at; the sentence names both numbers."""
    name = f"test-{uuid.uuid4().hex}"

    async def work() -> None:
        first = KafkaTopic(kafka.bootstrap, name, 2, PUBLIC)
        await first.open()
        await first.close()
        with pytest.raises(TopicUnfit, match="has 2 partitions, and this registrar is set to 5"):
            await KafkaTopic(kafka.bootstrap, name, 5, PUBLIC).open()

    run(work())


def test_kafka_that_is_not_there_is_unavailable(kafka: Kafka) -> None:
    """Nobody listens at that address."""

    async def work() -> None:
        with pytest.raises(TopicUnavailable):
            await KafkaTopic("127.0.0.1:9", "test", 1, PUBLIC).open()

    run(work())


def test_kafka_says_when_a_message_cannot_be_stored(kafka: Kafka) -> None:
    """What comes after it is refused too, until the topic is opened again."""

    async def work() -> None:
        topic = KafkaTopic(kafka.bootstrap, f"test-{uuid.uuid4().hex}", 1, PUBLIC)
        await topic.open()
        with pytest.raises(TopicUnavailable):
            await topic.send(0, [Message(None, b"x" * (MESSAGE_BYTES_MAX + 1))])
        with pytest.raises(TopicUnavailable):
            await topic.send(0, numbered(0, 1))
        await topic.close()
        await topic.open()
        await (await topic.send(0, numbered(0, 1)))
        await topic.close()

    run(work())
