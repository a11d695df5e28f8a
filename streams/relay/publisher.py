"""How does a publisher of the log go on, whatever becomes of Kafka and the log?"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from contextlib import suppress

from projections.ports import StoreUnavailable
from streams.relay.ports import Lead, LogPages, Page, Topic, TopicUnavailable
from streams.relay.progress import Acknowledgements, Progress

PAUSE_SECONDS_MIN, PAUSE_SECONDS_MAX = 0.1, 1.0
"""Between attempts, while something is away."""
KEEP_SECONDS = 0.1
"""How often a place that has moved is stored."""

_log = logging.getLogger(__name__)


class Publisher(ABC):
    """Brings the log to one topic, from its stored place on, at least once and in order.

    What went wrong with the topic or the log is tried again for ever, from the stored place.
    """

    def __init__(self, name: str, log: LogPages, topic: Topic, lead: Lead) -> None:
        self.progress = Progress(name)
        self._log = log
        self._topic = topic
        self._lead = lead
        self._stopping = asyncio.Event()
        self._stored = 0

    def stop(self) -> None:
        """Have ``run`` end when what is under way has arrived."""
        self._stopping.set()

    async def run(self) -> None:
        """Publish until stopped. Raises LeadLost and TopicUnfit."""
        pause = PAUSE_SECONDS_MIN
        while not self._stopping.is_set():
            begun_at = self.progress.position
            try:
                await self._open_and_publish()
            except (TopicUnavailable, StoreUnavailable) as error:
                if self.progress.error is None:
                    _log.warning("%s: %s; trying again", self.progress.name, error)
                self.progress.error = str(error)
                moved = self.progress.position > begun_at
                pause = PAUSE_SECONDS_MIN if moved else min(2 * pause, PAUSE_SECONDS_MAX)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), pause)

    async def find(self, epoch: str) -> int:
        """Return its place in this epoch of the log, having taken it up. Raises LeadLost."""
        self._stored = begin = await self._lead.begin(self.progress.name, epoch)
        self.progress.begin(epoch, begin)
        return begin

    async def _open_and_publish(self) -> None:
        try:
            await self._topic.open()
            while not self._stopping.is_set():
                head = await self._lead.check()
                begin = await self.find(head.epoch)
                over = asyncio.Event()
                keeping = asyncio.create_task(self._keep(over), name=f"{self.progress.name} keeps")
                try:
                    await self._until_it_ends(keeping, head.epoch, begin)
                finally:
                    over.set()
                    await asyncio.wait({keeping})
                await keeping
        finally:
            await self._topic.close()

    async def _until_it_ends(self, keeping: asyncio.Task[None], epoch: str, begin: int) -> None:
        """Publish one epoch of the log; whoever keeps the place may end it too, by failing."""
        arrivals = Acknowledgements(self._topic.partitions, begin, self.progress.acknowledge)
        publishing = asyncio.create_task(self._publish(epoch, begin, arrivals))
        try:
            await asyncio.wait({keeping, publishing}, return_when=asyncio.FIRST_COMPLETED)
            if keeping.done():
                await keeping
            await publishing
        finally:
            publishing.cancel()
            with suppress(asyncio.CancelledError, TopicUnavailable, StoreUnavailable):
                await publishing

    @abstractmethod
    async def _publish(self, epoch: str, begin: int, arrivals: Acknowledgements) -> None:
        """Publish what follows a position until stopped, or until the log has another epoch."""

    async def _keep(self, over: asyncio.Event) -> None:
        """Store the place now and then, and at the end. Not to be cancelled: what was being stored
        would be taken for somebody else's."""
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), KEEP_SECONDS)
            await self._store()

    async def _store(self) -> None:
        position = self.progress.position
        if position > self._stored:
            await self._lead.move(self.progress.name, self.progress.epoch, position)
            self._stored = position

    async def _drained(self, arrivals: Acknowledgements, position: int) -> None:
        """Wait until everything up to here was acknowledged; whoever stops us bounds that."""
        while self.progress.position < position:
            arrivals.check()
            await asyncio.sleep(KEEP_SECONDS / 10)


def check(page: Page, after: int) -> None:
    """Raise StoreUnavailable where the log ends before what was read of it: then it is another one,
    which should have another epoch."""
    if page.head < after:
        raise StoreUnavailable(
            f"the log ends at {page.head}, before {after}, and its epoch is not a new one"
        )
