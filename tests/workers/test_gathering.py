"""How much does a worker gather at a time?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import faust
import pytest
from faust.events import Event
from faust.types import Message

from streams.faust.gathering import GatheringStream

SECONDS_MAX = 30.0
WITHIN_SECONDS = 0.5


def message(value: bytes) -> Message:
    """A message as the consumer makes it."""
    return Message("topic", 0, 0, 0.0, 0, None, None, value, None, generation_id=0)


@contextmanager
def stream_of(values: list[bytes]) -> Iterator[GatheringStream]:
    """A stream that these messages wait in."""
    app = faust.App("gathering", broker="kafka://127.0.0.1:9", store="memory://")
    app.flow_control.resume()
    channel = aiter(app.channel())
    for value in values:
        channel.queue.put_nowait(Event(app, None, value, {}, message(value)))
    yield GatheringStream(channel, app=app)
    app.consumer._thread.thread_loop.close()  # of a thread that never began


@pytest.mark.parametrize(
    ("most", "bytes_most", "sizes"),
    [(2, 1_000, [2, 2, 1]), (100, 25, [3, 2]), (100, 1_000, [5])],
    ids=["messages", "bytes", "all that there is"],
)
def test_what_waits_together_is_bounded(most: int, bytes_most: int, sizes: list[int]) -> None:
    """Five messages of ten bytes come in order, and none is left behind."""
    values = [bytes([number]) * 10 for number in range(5)]

    async def run() -> list[list[Any]]:
        batches: list[list[Any]] = []
        with stream_of(values) as stream:
            async for events in stream.gathered(most, bytes_most, WITHIN_SECONDS):
                batches.append([event.value for event in events])
                if sum(map(len, batches)) == len(values):
                    break
        return batches

    batches = asyncio.run(asyncio.wait_for(run(), SECONDS_MAX))
    assert [value for batch in batches for value in batch] == values
    assert [len(batch) for batch in batches] == sizes


def test_what_keeps_messages_from_coming_is_raised() -> None:
    """A worker that gets nothing any more must not look alive."""

    async def run() -> None:
        with stream_of([b"first"]) as stream:
            stream.channel.queue._errors.append(OSError("no more"))
            with pytest.raises(OSError, match="no more"):
                async for _ in stream.gathered(10, 1_000, WITHIN_SECONDS):
                    pass

    asyncio.run(asyncio.wait_for(run(), SECONDS_MAX))
