"""How do the log's facts get to consumers outside?"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from domain.privacy.facts import KeyDestroyed
from domain.registry import Registry
from projections.cloudevents import binary
from projections.decoding import StoredFact, read
from projections.partitions import partition_of
from streams.relay.ports import Lead, LogPages, Message, Topic
from streams.relay.progress import Acknowledgements
from streams.relay.publisher import Publisher, check

PAGE_FACTS_MAX = 250
"""As many as are made into messages without a pause for the packs, which go first."""
YIELD_SECONDS_MAX = 0.25
"""How long a page waits for the packs to catch up, before it is published all the same."""
POLL_SECONDS_MAX = 1.0


class PublicPublisher(Publisher):
    """Sends every fact as one CloudEvent, keyed by whom it is about. Gives way to the packs while
    ``packs_caught_up`` is not set."""

    def __init__(
        self,
        log: LogPages,
        topic: Topic,
        lead: Lead,
        registry: Registry,
        packs_caught_up: asyncio.Event,
    ) -> None:
        super().__init__("public", log, topic, lead)
        self._registry = registry
        self._packs_caught_up = packs_caught_up

    async def _publish(self, epoch: str, begin: int, arrivals: Acknowledgements) -> None:
        position = begin
        while not self._stopping.is_set():
            await self._give_way()
            page = await self._log.page(position, PAGE_FACTS_MAX)
            if page.epoch != epoch:
                return
            check(page, position)
            if page.facts:
                position = page.facts[-1].position
                self.progress.read(position, page.facts[0].recorded_at)
                self.progress.facts += len(page.facts)
                await self._send(
                    messages(page.facts, epoch, self._registry, self._topic.partitions),
                    position,
                    arrivals,
                )
            if page.head <= position:
                arrivals.check()
                await self._log.wait(position, POLL_SECONDS_MAX)
        await self._drained(arrivals, position)

    async def _give_way(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._packs_caught_up.wait(), YIELD_SECONDS_MAX)

    async def _send(
        self,
        by_partition: Mapping[int, Sequence[Message]],
        through: int,
        arrivals: Acknowledgements,
    ) -> None:
        for partition in range(self._topic.partitions):
            arrivals.check()
            own = by_partition.get(partition)
            future = await self._topic.send(partition, own) if own else None
            arrivals.expect(partition, through, future)
            self.progress.messages += len(own or ())
            self.progress.bytes += sum(len(message.value or b"") for message in own or ())


def messages(
    facts: Sequence[StoredFact], epoch: str, registry: Registry, partitions: int
) -> Mapping[int, Sequence[Message]]:
    """Return the events of these facts, in order, by partition. A learner's key that is destroyed
    is followed by a tombstone: a message under the learner's name without a value."""
    found: defaultdict[int, list[Message]] = defaultdict(list)
    for fact in facts:
        key, headers, data = binary(read(fact, registry), epoch)
        at_ms = _milliseconds(fact.recorded_at)
        message = Message(key.encode(), data, headers, at_ms)
        own = found[partition_of(key, partitions)]
        own.append(message)
        if fact.type == KeyDestroyed.__name__:
            own.append(Message(key.encode(), None, headers, at_ms))
    return found


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000)
