"""How are messages gathered for a batch, and acknowledged by nobody but ourselves?

Faust's own ``noack_take`` wakes up whenever its time is over, messages or none, and takes nothing
in while a batch is at work. This one sleeps until something comes, and gathers meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from faust.streams import Stream
from faust.types import EventT


class GatheringStream(Stream[Any]):
    """A stream whose messages are acknowledged by hand only."""

    async def gathered(
        self, most: int, bytes_most: int, within: float
    ) -> AsyncIterator[list[EventT[Any]]]:
        """Yield what comes within so many seconds of the first message together, in order: up to
        ``most`` messages at a time, and none more once they have ``bytes_most``, while as many
        wait. Raises what keeps messages from coming, and ends where no more will come. To be called
        once; whoever leaves the loop ends the process."""
        waiting: list[EventT[Any]] = []
        size = 0
        came, full, room = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def gather() -> None:
            nonlocal size
            async for event in self.events():
                waiting.append(event)
                size += len(event.value)
                came.set()
                if len(waiting) >= most or size >= bytes_most:
                    room.clear()
                    full.set()
                    await room.wait()

        self.enable_acks = False
        gathering = asyncio.create_task(gather(), name="gather")
        gathering.add_done_callback(lambda _: came.set())
        try:
            while True:
                await came.wait()
                if gathering.done() and not waiting:
                    gathering.result()
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(within):
                        await full.wait()
                taken = list(waiting)
                waiting.clear()
                size = 0
                full.clear()
                if not gathering.done():
                    came.clear()
                room.set()
                yield taken
        finally:
            gathering.cancel()
