"""A topic in memory: the same promises, for tests and for trying things out."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import Sequence
from typing import Any

from streams.relay.ports import Message, TopicUnavailable


class MemoryTopic:
    """Implements ``streams.relay.ports.Topic``. ``away`` makes it fail, as Kafka may.

    ``stored[partition]`` is what is in it.
    """

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions
        self.stored: list[list[Message]] = [[] for _ in range(partitions)]
        self.away = False
        self._open = False

    async def open(self) -> None:
        """Have the topic ready. Raises TopicUnavailable."""
        self._check()
        self._open = True

    async def send(self, partition: int, messages: Sequence[Message]) -> Future[Any]:
        """Hand messages over: they are stored when the loop comes round."""
        if not self._open:
            raise TopicUnavailable("the topic is not open")
        self._check()
        loop = asyncio.get_running_loop()
        future: Future[Any] = loop.create_future()
        loop.call_soon(self._store, partition, messages, future)
        await asyncio.sleep(0)
        return future

    async def close(self) -> None:
        """Let go of it."""
        self._open = False

    def _store(self, partition: int, messages: Sequence[Message], future: Future[Any]) -> None:
        if self.away:
            future.set_exception(TopicUnavailable("the topic is away"))
        else:
            self.stored[partition].extend(messages)
            future.set_result(None)

    def _check(self) -> None:
        if self.away:
            raise TopicUnavailable("the topic is away")
