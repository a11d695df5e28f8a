"""What does one process keep for itself, where it shares nothing with others?"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from commands.remembered import Kept
from infra.web.hot_entries import Entry

HOT_SECONDS = 2.0
HOT_MAX = 1_000
ANSWERS_SECONDS = 600
"""Whoever repeats a command does it soon; the log knows its key much longer."""
ANSWERS_MAX = 10_000
CLIENTS_MAX = 10_000
"""Whoever has been quiet longest is forgotten first, and has a full bucket again."""


class MemoryHot:
    """Implements ``infra.web.hot_entries.Hot`` for one process and one epoch."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, Entry]] = OrderedDict()

    async def get(self, key: str) -> Entry | None:
        """Return what is kept under a key."""
        return self._find(key)

    def _find(self, key: str) -> Entry | None:
        until, entry = self._kept.get(key, (0.0, None))
        return entry if until > self._clock() else None

    def put(self, key: str, entry: Entry) -> None:
        """Keep an answer, unless a later one is kept there."""
        kept = self._find(key)
        if kept is not None and kept.position > entry.position:
            return
        self._kept[key] = (self._clock() + HOT_SECONDS, entry)
        self._kept.move_to_end(key)
        if len(self._kept) > HOT_MAX:
            self._kept.popitem(last=False)


class MemoryAnswers:
    """Implements ``commands.remembered.Answers`` for one process and one epoch."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, Kept]] = OrderedDict()

    async def find(self, keys: Sequence[str]) -> Mapping[str, Kept]:
        """Return what is kept under these keys."""
        now = self._clock()
        found = {key: self._kept[key] for key in keys if key in self._kept}
        return {key: kept for key, (until, kept) in found.items() if until > now}

    def keep(self, kept: Mapping[str, Kept]) -> None:
        """Keep these."""
        until = self._clock() + ANSWERS_SECONDS
        for key, one in kept.items():
            self._kept[key] = (until, one)
        while len(self._kept) > ANSWERS_MAX:
            self._kept.popitem(last=False)


class MemoryLimits:
    """Implements ``infra.web.rates.Limits`` for one process: a bucket holds ``burst`` tokens and
    gets ``per_second`` new ones, and a request takes one."""

    def __init__(
        self, per_second: int, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def take(self, client: str) -> float:
        """Count a request."""
        now = self._clock()
        tokens, at = self._buckets.pop(client, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - at) * self._per_second)
        allowed = tokens >= 1
        self._buckets[client] = (tokens - allowed, now)
        if len(self._buckets) > CLIENTS_MAX:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - tokens) / self._per_second
