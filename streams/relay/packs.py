"""How do the log's facts get to the workers?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from streams.packs import Pack, encode
from streams.relay.packing import Packer
from streams.relay.ports import Lead, LogPages, Message, Page, Topic
from streams.relay.progress import Acknowledgements
from streams.relay.publisher import Publisher, check

PAGE_FACTS_MAX = 5_000
LINGER_SECONDS = 0.01
"""Between two pages at the end of the log: what is recorded meanwhile travels together."""
WATERMARK_SECONDS_MAX = 0.05
"""After which a partition without facts of its own is told how far the log is."""
HEARTBEAT_SECONDS = 1.0
"""How often every partition is told where the log ends, while nothing is recorded."""


class PackPublisher(Publisher):
    """Sends every partition its facts in packs, and watermarks where it has none."""

    def __init__(self, log: LogPages, topic: Topic, lead: Lead) -> None:
        super().__init__("packs", log, topic, lead)
        self.caught_up = asyncio.Event()
        """Set while no more than a page of the log is left to send."""

    async def _publish(self, epoch: str, begin: int, arrivals: Acknowledgements) -> None:
        packer = Packer(epoch, begin, self._topic.partitions)
        await self._send(packer.watermarks(everywhere=True), arrivals)
        told_at = time.monotonic()
        reading = asyncio.create_task(self._log.page(begin, PAGE_FACTS_MAX))
        try:
            while not self._stopping.is_set():
                page, read_at = await reading, time.monotonic()
                if page.epoch != epoch:
                    return
                self._note(page, packer.position)
                packs = packer.take(page.facts)
                more = page.head > packer.position
                if more:  # read on while these are packed and sent
                    reading = asyncio.create_task(self._log.page(packer.position, PAGE_FACTS_MAX))
                await self._send(packs, arrivals)
                if read_at - told_at >= WATERMARK_SECONDS_MAX:
                    await self._send(packer.watermarks(), arrivals)
                    told_at = read_at
                if not more:
                    told_at = await self._wait(packer, told_at, arrivals)
                    await asyncio.sleep(max(0.0, read_at + LINGER_SECONDS - time.monotonic()))
                    reading = asyncio.create_task(self._log.page(packer.position, PAGE_FACTS_MAX))
            await self._send(packer.watermarks(), arrivals)
            await self._drained(arrivals, packer.position)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _wait(self, packer: Packer, told_at: float, arrivals: Acknowledgements) -> float:
        """Wait until there is more, or it is time to tell the partitions where the log ends.

        Returns when they were told last.
        """
        every = WATERMARK_SECONDS_MAX if packer.behind else HEARTBEAT_SECONDS
        due_in = max(told_at + every - time.monotonic(), 0.0)
        if not await self._log.wait(packer.position, due_in):
            await self._send(packer.watermarks(everywhere=not packer.behind), arrivals)
            return time.monotonic()
        return told_at

    def _note(self, page: Page, after: int) -> None:
        check(page, after)
        if page.facts:
            self.progress.read(page.facts[-1].position, page.facts[0].recorded_at)
            self.progress.facts += len(page.facts)
        if page.facts and page.head > page.facts[-1].position:
            self.caught_up.clear()
        else:
            self.caught_up.set()

    async def _send(self, packs: Iterable[tuple[int, Pack]], arrivals: Acknowledgements) -> None:
        for partition, pack in packs:
            arrivals.check()
            value = encode(pack)
            future = await self._topic.send(partition, (Message(None, value),))
            arrivals.expect(partition, pack.through, future)
            self.progress.messages += 1
            self.progress.bytes += len(value)
