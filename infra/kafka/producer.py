"""How do messages get into a topic of Kafka: each once, in order, and not too many at a time?"""

from __future__ import annotations

import asyncio
import logging
from asyncio import Future
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError
from aiokafka.producer.message_accumulator import BatchBuilder

from infra.kafka.topics import MESSAGE_BYTES_MAX, REQUEST_MS_MAX, ensure
from streams.relay.ports import Message, TopicUnavailable

BATCH_BYTES_MAX = 1_048_576
UNDER_WAY_MAX = 256
"""Packs, or batches of events, that are handed over and not acknowledged."""
COMPRESSION = "zstd"
"""The driver's lz4 knows only its highest level, which costs as much as all the rest together."""
CLOSE_SECONDS_MAX = 5.0
BACKOFF_MS = 100

_log = logging.getLogger(__name__)


class KafkaTopic:
    """Implements ``streams.relay.ports.Topic`` on Kafka, idempotently and with all acknowledged.

    While Kafka is away, what was handed over is sent again and again by the driver, so that it is
    stored once and in order; only when that cannot be does anything fail.
    """

    def __init__(
        self, bootstrap: str, name: str, partitions: int, configuration: Mapping[str, str]
    ) -> None:
        self.partitions = partitions
        self._bootstrap = bootstrap
        self._name = name
        self._configuration = configuration
        self._producer: AIOKafkaProducer | None = None
        self._room = asyncio.Semaphore(UNDER_WAY_MAX)
        self._failure: TopicUnavailable | None = None

    async def open(self) -> None:
        """Have the topic ready. Raises TopicUnavailable or TopicUnfit."""
        await ensure(self._bootstrap, self._name, self.partitions, self._configuration)
        self._room, self._failure = asyncio.Semaphore(UNDER_WAY_MAX), None
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id=f"registrar-{self._name}",
            enable_idempotence=True,
            acks="all",
            compression_type=COMPRESSION,
            max_batch_size=BATCH_BYTES_MAX,
            max_request_size=MESSAGE_BYTES_MAX,
            request_timeout_ms=REQUEST_MS_MAX,
            retry_backoff_ms=BACKOFF_MS,
        )
        try:
            await producer.start()
        except (KafkaError, OSError) as error:
            await producer.stop()
            raise TopicUnavailable(f"Kafka at {self._bootstrap}: {error!r}") from error
        self._producer = producer

    async def send(self, partition: int, messages: Sequence[Message]) -> Future[Any]:
        """Hand messages over; waits while too much is under way."""
        await self._room.acquire()
        try:
            theirs = await self._hand_over(partition, messages)
        except KafkaError as error:
            self._room.release()
            raise self._failed(error) from error
        except BaseException:
            self._room.release()
            raise
        ours: Future[None] = asyncio.get_running_loop().create_future()
        theirs.add_done_callback(partial(self._settle, ours, self._room))
        return ours

    async def close(self) -> None:
        """Let go of it, within 5 s."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS_MAX):
                await producer.stop()
        except TimeoutError:
            _log.warning("%s: left with messages under way", self._name)
            await producer.client.close()

    async def _hand_over(self, partition: int, messages: Sequence[Message]) -> Future[Any]:
        if self._failure is not None or self._producer is None:
            raise self._failure or TopicUnavailable(f"topic {self._name} is not open")
        if len(messages) > 1:
            return await self._batches(self._producer, partition, messages)
        (message,) = messages
        while True:
            with suppress(KafkaTimeoutError):  # no room yet: nothing was handed over
                sent: Future[Any] = await self._producer.send(
                    self._name,
                    message.value,
                    message.key,
                    partition,
                    message.at_ms,
                    list(message.headers),
                )
                return sent

    async def _batches(
        self, producer: AIOKafkaProducer, partition: int, messages: Sequence[Message]
    ) -> Future[Any]:
        """Hand over many small messages: as batches, for a third of the cost of one by one."""
        sent: list[Future[Any]] = []
        batch = producer.create_batch()
        for message in messages:
            added = _append(batch, message)
            if added is None:
                sent.append(await self._batch(producer, partition, batch))
                batch = producer.create_batch()
                _append(batch, message)
        sent.append(await self._batch(producer, partition, batch))
        return asyncio.gather(*sent)

    async def _batch(
        self, producer: AIOKafkaProducer, partition: int, batch: BatchBuilder
    ) -> Future[Any]:
        batch.close()
        while True:
            with suppress(KafkaTimeoutError):
                sent: Future[Any] = await producer.send_batch(
                    batch, self._name, partition=partition
                )
                return sent

    def _settle(self, ours: Future[None], room: asyncio.Semaphore, theirs: Future[Any]) -> None:
        room.release()
        error = None if theirs.cancelled() else theirs.exception()
        if ours.done():
            return
        if theirs.cancelled():
            ours.cancel()
        elif error is None:
            ours.set_result(None)
        else:
            ours.set_exception(self._failed(error))

    def _failed(self, error: BaseException) -> TopicUnavailable:
        failure = TopicUnavailable(f"topic {self._name}: {error!r}")
        self._failure = self._failure or failure
        return failure


def _append(batch: BatchBuilder, message: Message) -> object:
    return batch.append(
        timestamp=message.at_ms,
        key=message.key,
        value=message.value,
        headers=list(message.headers),
    )
