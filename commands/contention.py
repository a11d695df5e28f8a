"""How do several processes share a hot stream without losing races for it over and over?

After a loss, the stream is taken for a turn: its lock is waited for in order of arrival, its tail
read, all commands that wait decided, and their facts appended, all in one transaction. A process
goes back to deciding without the lock once nobody else has written for a while.
"""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from commands.ports import Append, Exclusive, Log, LogUnavailable, Outcome
from commands.stream_cache import StreamCache
from domain.kernel import StreamRef

TURN_COMMANDS_MAX = 256
QUIET_TURNS_MAX = 8
IDLE_SECONDS_MAX = 0.05

Decide = Callable[[], tuple[Append, "Future[Outcome]"] | None]
"""Decides on the state at hand; None where there is nothing to append in this turn."""


class _Waiting(NamedTuple):
    decide: Decide
    taken: Future[None]


class Contention:
    """The streams of this process that are taken in turns with other processes."""

    def __init__(self, log: Log, cache: StreamCache) -> None:
        self._log = log
        self._cache = cache
        self._gates: dict[str, _Gate] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def _serve(self, gate: _Gate) -> None:
        error: Exception = LogUnavailable("the turn on a contended stream ended early")
        try:
            await gate.serve()
        except LogUnavailable as unavailable:
            error = unavailable
        finally:
            # No await between the last look at who waits and this: nobody is left behind.
            del self._gates[gate.ref.name]
            gate.abandon(error)

    def begin(self, ref: StreamRef[Any]) -> None:
        """Take this stream in turns from now on."""
        if ref.name not in self._gates:
            gate = _Gate(self._log, self._cache, ref)
            self._gates[ref.name] = gate
            task = asyncio.create_task(self._serve(gate), name=f"turns on {ref.name}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def gate(self, refs: tuple[StreamRef[Any], ...]) -> str | None:
        """Return the name of the first of these streams that is taken in turns."""
        if self._gates:
            for ref in refs:
                if ref.name in self._gates:
                    return ref.name
        return None

    def turn(self, stream: str, decide: Decide) -> Future[None]:
        """Call ``decide`` in the next turn; the future is done when that turn has begun."""
        return self._gates[stream].enter(decide)


class _Gate:
    """The turns that this process takes on one stream."""

    def __init__(self, log: Log, cache: StreamCache, ref: StreamRef[Any]) -> None:
        self._log = log
        self._cache = cache
        self.ref = ref
        self._waiting: deque[_Waiting] = deque()
        self._arrival = asyncio.Event()

    def enter(self, decide: Decide) -> Future[None]:
        taken: Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(decide, taken))
        self._arrival.set()
        return taken

    async def serve(self) -> None:
        """Take turns until nobody waits here, or nobody else writes the stream any more."""
        quiet = 0
        while quiet < QUIET_TURNS_MAX or self._waiting:
            if not self._waiting and not await self._arrived():
                return
            async with self._log.exclusive(self.ref.name) as hold:
                quiet = 0 if await self._catch_up(hold) else quiet + 1
                await self._take_turn(hold)

    def abandon(self, error: Exception) -> None:
        """Tell those who still wait that there will be no turn."""
        while self._waiting:
            self._waiting.popleft().taken.set_exception(error)

    async def _arrived(self) -> bool:
        self._arrival.clear()
        try:
            await asyncio.wait_for(self._arrival.wait(), IDLE_SECONDS_MAX)
        except TimeoutError:
            return bool(self._waiting)
        return True

    async def _catch_up(self, hold: Exclusive) -> bool:
        """Bring the cached state up to the stream's tail; say whether others had written."""
        ref, cache = self.ref, self._cache
        entry = cache.get(ref.name)
        while entry is not None and entry.pending is not None:
            await asyncio.wait((entry.pending,))
            entry = cache.get(ref.name)
        tail = await hold.read(0 if entry is None else entry.version)
        if entry is None:
            cache.loaded(ref, tail)
        else:
            cache.caught_up({ref.name: ref}, {ref.name: tail})
        return bool(tail) and entry is not None

    async def _take_turn(self, hold: Exclusive) -> None:
        appends: list[tuple[Append, Future[Outcome]]] = []
        for _ in range(min(len(self._waiting), TURN_COMMANDS_MAX)):
            waiting = self._waiting.popleft()
            decided = waiting.decide()
            if decided is not None:
                appends.append(decided)
            waiting.taken.set_result(None)
        if not appends:
            return
        try:
            outcomes = await hold.append([append for append, _ in appends])
        except LogUnavailable as error:
            for _, future in appends:
                future.set_exception(error)
            return
        for (_, future), outcome in zip(appends, outcomes, strict=True):
            future.set_result(outcome)
