"""How are many subscribers told of facts, without the others having to wait for that?

Whoever is behind gets the history in small pieces, few subscribers at a time, and as much time as
that takes is left to others after each piece. Whoever is at the end of the log is told at once, and
all who want the same get the same bytes, made once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from read_api.dependencies import ReadDependencies
from read_api.ports.log import Selection, Window
from read_api.queries.consents import agreed

WINDOW_POSITIONS = 5_000
"""How many positions are searched for selected facts in one go."""
FACTS_MAX = 100
"""Facts read ahead for one subscriber; the next are read when these are taken off its hands."""
CATCHING_UP_MAX = 2
"""Subscribers who read history at the same time; the others wait for their turn."""
HEARTBEAT_SECONDS = 15.0


class Told(NamedTuple):
    """What a subscriber is told next: nothing, or facts as bytes, and the position up to which it
    has then been told all, in which epoch. ``has_more``: there is more to tell already."""

    body: bytes
    through: int
    has_more: bool
    epoch: str


class _Wanted(NamedTuple):
    tenant: str
    after: int
    selection: Selection


class Subscriptions:
    """Tells the subscribers of one process; ``write`` makes bytes of facts."""

    def __init__(self, deps: ReadDependencies, write: Callable[[Window], bytes]) -> None:
        self._deps = deps
        self._write = write
        self._turns = asyncio.Semaphore(CATCHING_UP_MAX)
        self._flights: dict[_Wanted, asyncio.Task[Told]] = {}

    async def follow(self, tenant: str, after: int, selection: Selection) -> AsyncIterator[Told]:
        """Yield what is selected, in order and without gaps, as it is recorded; nothing to tell at
        least every HEARTBEAT_SECONDS. Never ends by itself. Raises StoreUnavailable."""
        through, is_behind, spoke = after, True, time.monotonic()
        while True:
            told = await self._told(_Wanted(tenant, through, selection), is_behind)
            has_moved, through, is_behind = told.through > through, told.through, told.has_more
            left = spoke + HEARTBEAT_SECONDS - time.monotonic()
            if told.body or left <= 0:
                yield told
                spoke = time.monotonic()
            elif not has_moved:
                await self._deps.log.wait(through, left)

    async def _told(self, wanted: _Wanted, is_behind: bool) -> Told:
        """Read and write once for all who want the same at the same time."""
        flight = self._flights.get(wanted)
        if flight is None:
            work = self._in_turn(wanted) if is_behind else self._tell(wanted)
            flight = asyncio.create_task(work, name="subscription")
            self._flights[wanted] = flight
            flight.add_done_callback(lambda done: self._landed(wanted, done))
        return await asyncio.shield(flight)

    def _landed(self, wanted: _Wanted, flight: asyncio.Task[Told]) -> None:
        del self._flights[wanted]
        if not flight.cancelled():
            flight.exception()  # whoever waits gets it; nobody may be waiting any more

    async def _in_turn(self, wanted: _Wanted) -> Told:
        async with self._turns:
            began = time.perf_counter()
            told = await self._tell(wanted)
            if told.has_more:
                await asyncio.sleep(time.perf_counter() - began)
            return told

    async def _tell(self, wanted: _Wanted) -> Told:
        tenant, after, selection = wanted
        window = await self._deps.log.window(tenant, after, WINDOW_POSITIONS, FACTS_MAX, selection)
        is_full = len(window.facts) == FACTS_MAX or window.through == after + WINDOW_POSITIONS
        if selection.purpose is not None:
            facts = await agreed(self._deps, tenant, window.facts, selection.purpose)
            window = window._replace(facts=facts)
        return Told(self._write(window), window.through, is_full, window.epoch)
