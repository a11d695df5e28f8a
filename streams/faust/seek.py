"""From where does a worker go on? From where its reading is, not from what Kafka remembers.

So a reading that was put back, or restored from a backup, is brought up again by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from faust.transport.drivers.aiokafka import Consumer, Transport
from faust.types import TP

Assign = Callable[[Iterable[int]], Mapping[int, int]]
"""Takes over partitions by number, and returns the next offset of each that has one."""


class ReadingConsumer(Consumer):
    """Seeks to what the reading says whenever partitions are assigned."""

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Return the offset to go on from for each partition, having gone there."""
        offsets = dict(await super().seek_to_committed())
        assigned = {tp.partition: tp for tp in self.assignment()}
        transport = self.transport
        if not isinstance(transport, ReadingTransport):
            raise TypeError("a reading's consumer needs a reading's transport")
        wanted = await self.loop.run_in_executor(None, transport.assign, list(assigned))
        known = {assigned[number]: offset for number, offset in wanted.items()}
        bounds = await self.earliest_offsets(*known) if known else {}
        ends = await self.highwaters(*known) if known else {}
        there = {
            tp: offset
            for tp, offset in known.items()
            if bounds.get(tp, 0) <= offset <= ends.get(tp, offset)
        }
        if there:
            await self.seek_wait(there)
        return {**offsets, **there}


class ReadingTransport(Transport):
    """Faust's transport with that consumer."""

    Consumer: ClassVar[type[Consumer]] = ReadingConsumer

    def __init__(self, assign: Assign, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.assign = assign
