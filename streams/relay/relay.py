"""Who brings the log to Kafka, when several could?"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from projections.ports import StoreUnavailable
from streams.relay.ports import Head, Lead
from streams.relay.publisher import Publisher

STANDBY_SECONDS = 1.0
"""How often one that stands by asks for the lead."""
CHECK_SECONDS = 0.5
"""How often one that leads looks whether it still does, and where the log ends."""
DRAIN_SECONDS_MAX = 5.0
"""How long the end waits for what is under way. What has not arrived by then is sent again."""

_log = logging.getLogger(__name__)


class Relay:
    """Takes the lead when it can be had, and then runs the publishers. ``run`` once.

    Who stands by takes over within STANDBY_SECONDS of the leader's going.
    """

    def __init__(self, lead: Lead, publishers: Sequence[Publisher]) -> None:
        self.publishers = publishers
        self.leads = False
        self.head: Head | None = None
        self._lead = lead
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Have ``run`` end in order."""
        self._stopping.set()
        for publisher in self.publishers:
            publisher.stop()

    async def run(self) -> None:
        """Lead when it is our turn, until stopped. Raises LeadLost and TopicUnfit: then the process
        must end at once, because what is under way in it cannot be called back."""
        while not self._stopping.is_set():
            try:
                self.leads = await self._lead.take()
            except StoreUnavailable as error:
                _log.warning("the lead cannot be asked for: %s", error)
            if self.leads:
                await self._at_work()
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), STANDBY_SECONDS)

    async def _at_work(self) -> None:
        _log.info("leading")
        head = await self._lead.check()
        for publisher in self.publishers:  # or its lag would be told from position 0
            await publisher.find(head.epoch)
        await self._look()
        tasks: list[asyncio.Task[Any]] = [
            asyncio.create_task(publisher.run(), name=publisher.progress.name)
            for publisher in self.publishers
        ]
        looking = asyncio.create_task(self._look_again_and_again(), name="lead")
        stopping = asyncio.create_task(self._stopping.wait(), name="stop")
        everything = {*tasks, looking, stopping}
        try:
            done, _ = await asyncio.wait(everything, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                await task
            done, _ = await asyncio.wait(tasks, timeout=DRAIN_SECONDS_MAX)
            for task in done:
                await task
        finally:
            for task in everything:
                task.cancel()
            await asyncio.gather(*everything, return_exceptions=True)

    async def _look_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            await self._look()

    async def _look(self) -> None:
        self.head = head = await self._lead.check()
        for publisher in self.publishers:
            publisher.progress.log_ends(head.position, head.recorded_at)
