"""How are messages gathered for a batch, and acknowledged by nobody but ourselves?

Faust's own ``noack_take`` wakes up whenever its time is over, messages or none, and takes nothing
in while a batch is at work. This one sleeps until something comes, and gathers meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, cast

from faust.streams import Stream
from faust.types import ChannelT, EventT


class GatheringStream(Stream[Any]):
    """A stream whose messages are acknowledged by hand only."""

    async def gathered(
        self, most: int, bytes_most: int, within: float
    ) -> AsyncIterator[list[EventT[Any]]]:
        """Yield what comes within so many seconds of the first message together, in order: up to
        ``most`` messages at a time, and none more once they have ``bytes_most``, while as many
        wait. To be called once; whoever leaves the loop ends the process."""
        waiting: list[EventT[Any]] = []
        size = 0
        came, full, room = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def gather(value: Any) -> Any:
            nonlocal size
            event = self.current_event
            while full.is_set():
                room.clear()
                await room.wait()
            if event is not None:
                waiting.append(event)
                size += len(value)
                came.set()
            if len(waiting) >= most or size >= bytes_most:
                full.set()
            return value

        self.enable_acks = False
        self.add_processor(gather)
        self._enable_passive(cast("ChannelT[Any]", self.channel))
        while not await self.wait_for_stopped(came.wait()):
            if not full.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(within):
                        await full.wait()
            taken = list(waiting)
            waiting.clear()
            size = 0
            came.clear()
            full.clear()
            room.set()
            yield taken
