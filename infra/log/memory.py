"""The log in memory: the same promises, for tests and for trying things out."""

from __future__ import annotations

import asyncio
import threading
import uuid
from asyncio import Future
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta

from commands.ports import Append, Appended, CommandKey, Exclusive, Lost, Outcome, Repeated
from domain.kernel import Envelope
from domain.registry import Registry
from infra.log.pending import check, written
from projections.ports import RawFact


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


class MemoryLog:
    """The log in memory (commands.ports.Log), for one event loop; ``reader`` from any thread.

    ``clock`` gives aware times in UTC; recorded times never run backwards whatever it says.
    """

    def __init__(self, registry: Registry, clock: Callable[[], datetime] = utc_now) -> None:
        self._registry = registry
        self._clock = clock
        self._facts: list[RawFact] = []
        self._streams: dict[str, list[int]] = {}
        self._keys: dict[str, tuple[Repeated, datetime | None]] = {}
        self._queue: deque[tuple[Append, Sequence[Future[Outcome]], Future[Outcome]]] = deque()
        self._locks: dict[str, asyncio.Lock] = {}
        self._changed = threading.Condition()
        self._epoch = uuid.uuid4().hex

    def submit(self, request: Append, after: Sequence[Future[Outcome]] = ()) -> Future[Outcome]:
        """Hand in a decision; it goes into the next batch. Raises ValueError if malformed."""
        check(request)
        written(request)
        loop = asyncio.get_running_loop()
        future: Future[Outcome] = loop.create_future()
        if not self._queue:
            loop.call_soon(self._flush)
        self._queue.append((request, after, future))
        return future

    def _flush(self) -> None:
        with self._changed:
            while self._queue:
                request, after, future = self._queue.popleft()
                if future.done():
                    continue
                if all(_appended(earlier) for earlier in after):
                    future.set_result(self._record(request))
                else:
                    future.set_result(Lost(()))
            self._changed.notify_all()

    def _record(self, request: Append) -> Outcome:
        now = max(self._clock(), self._facts[-1].recorded_at) if self._facts else self._clock()
        key = request.key
        if key is not None and key.key in self._keys:
            repeated, expires_at = self._keys[key.key]
            if expires_at is None or expires_at > now:
                return repeated
        writes, _ = written(request)
        lost = tuple(
            stream
            for stream, version in (*writes, *request.conditions)
            if len(self._streams.get(stream, ())) != version
        )
        if lost:
            return Lost(lost)
        first = len(self._facts) + 1
        for fact in request.facts:
            position = len(self._facts) + 1
            self._facts.append(RawFact(position, now, fact.version, fact.body))
            self._streams.setdefault(fact.stream, []).append(position)
        if key is not None:
            self._keys[key.key] = (
                Repeated(first, len(request.facts), key.body_hash),
                _expiry(key, now),
            )
        return Appended(first, now)

    def exclusive(self, stream: str) -> AbstractAsyncContextManager[Exclusive]:
        """Hold a stream that others write too, instead of losing races for it."""
        return self._hold(stream)

    @asynccontextmanager
    async def _hold(self, stream: str) -> AsyncIterator[Exclusive]:
        lock = self._locks.setdefault(stream, asyncio.Lock())
        await lock.acquire()
        hold = _Hold(self, stream, lock)
        try:
            yield hold
        finally:
            hold.let_go()

    async def read_streams(self, after: Mapping[str, int]) -> Mapping[str, Sequence[Envelope]]:
        """Return, per stream, the facts with a version above the one given; absent: none."""
        tails = {
            stream: [self._envelope(p) for p in self._streams.get(stream, [])[version:]]
            for stream, version in after.items()
        }
        return {stream: tail for stream, tail in tails.items() if tail}

    async def read_from(self, first_position: int, count: int) -> Sequence[Envelope]:
        """Return the facts at these positions."""
        first = max(first_position, 1)
        last = min(first + count - 1, len(self._facts))
        return [self._envelope(position) for position in range(first, last + 1)]

    async def find_keys(self, keys: Sequence[str]) -> Mapping[str, Repeated]:
        """Return what is recorded under these command keys; absent: nothing."""
        now = self._clock()
        found = {key: self._keys[key] for key in keys if key in self._keys}
        return {
            key: repeated
            for key, (repeated, expires_at) in found.items()
            if expires_at is None or expires_at > now
        }

    @property
    def generation(self) -> int:
        """Never moves: a process and its log are one."""
        return 0

    async def head(self) -> int:
        """Return the last position, 0 in an empty log."""
        return len(self._facts)

    def reader(self) -> MemoryLogReader:
        """Return the log as readings follow it, for use in any thread."""
        return MemoryLogReader(self._facts, self._changed, self._epoch)

    def _envelope(self, position: int) -> Envelope:
        return self._registry.decode(*self._facts[position - 1])


class _Hold:
    """One stream, held (commands.ports.Exclusive)."""

    def __init__(self, log: MemoryLog, stream: str, lock: asyncio.Lock) -> None:
        self._log = log
        self._stream = stream
        self._lock = lock
        self._held = True

    async def read(self, after_version: int) -> Sequence[Envelope]:
        """Return the stream's facts with a higher version, in order."""
        tails = await self._log.read_streams({self._stream: after_version})
        return tails.get(self._stream, [])

    async def append(self, requests: Sequence[Append]) -> Sequence[Outcome]:
        """Record a batch in one transaction and let the stream go. At most once per hold."""
        if not self._held:
            raise RuntimeError("a stream that is held is appended to once")
        outcomes = [await self._log.submit(request) for request in requests]
        self.let_go()
        return outcomes

    def let_go(self) -> None:
        """Release the stream, if the append has not."""
        if self._held:
            self._held = False
            self._lock.release()


class MemoryLogReader:
    """The log in memory as readings follow it (projections.ports.LogReader)."""

    def __init__(self, facts: list[RawFact], changed: threading.Condition, epoch: str) -> None:
        self._facts = facts
        self._changed = changed
        self._epoch = epoch

    def page(self, after: int, limit: int) -> Sequence[RawFact]:
        """Return up to ``limit`` facts with a higher position, in order."""
        return self._facts[max(after, 0) : max(after, 0) + limit]

    def head(self) -> tuple[int, datetime | None]:
        """Return the last position and its recorded time (0 and None in an empty log)."""
        with self._changed:
            if not self._facts:
                return 0, None
            return self._facts[-1].position, self._facts[-1].recorded_at

    def epoch(self) -> str:
        """Return the log's epoch."""
        return self._epoch

    def wait(self, beyond: int, seconds: float) -> bool:
        """Block until the log holds a position beyond this one, at most so long."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._facts) > beyond, seconds)


def _appended(earlier: Future[Outcome]) -> bool:
    return (
        earlier.done()
        and not earlier.cancelled()
        and earlier.exception() is None
        and isinstance(earlier.result(), Appended)
    )


def _expiry(key: CommandKey, now: datetime) -> datetime | None:
    return None if key.keep_days is None else now + timedelta(days=key.keep_days)
