"""How does one process keep several readings up from the same messages?"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

from projections.ports import StoreUnavailable
from streams.faust.worker import Arrived, Worker

RETRY_SECONDS = 0.5
BEHIND_SECONDS_MAX = 30.0
"""A worker whose batch takes longer, or that cannot move its reading for longer, is not well."""
TELL_BUSY_SECONDS = 2.0
"""A batch that takes longer is told: what is said of the lag is as old."""

_log = logging.getLogger(__name__)


class Together:
    """Workers that are given the same messages, each for a reading of its own: fetching and reading
    messages costs more than what small readings do with them.

    A batch is done when one of them has taken it in. Who cannot, because its store or its
    generation is not there, stops nobody else: it tries again with the next batch or beat, and
    heals from the log what it missed. While none of them can, the batch waits. ``take`` and
    ``beat`` are for one thread at a time, the rest for any.
    """

    def __init__(self, workers: Sequence[Worker]) -> None:
        self.workers = workers
        self._waits: str | None = None
        self._busy_since: float | None = None
        self._missed: dict[str, list[Arrived]] = {}
        self._missing: dict[str, tuple[float, str]] = {}

    @property
    def name(self) -> str:
        """The names of the readings."""
        return ", ".join(worker.reading.name for worker in self.workers)

    @property
    def facts(self) -> int:
        """How many facts one of them has had to take in, who had the most."""
        return max(worker.facts for worker in self.workers)

    def assign(self, numbers: Sequence[int]) -> dict[int, int]:
        """Take over these partitions and no others, as soon as the store can be asked. Returns the
        offset to go on from for each of them of which one is known: that of who is furthest
        behind."""
        while True:
            try:
                known = [worker.assign(numbers) for worker in self.workers]
            except StoreUnavailable as error:
                self._wait(error)
            else:
                _log.info("%s: partitions %s", self.name, list(numbers))
                self._waits = None
                self._missed, self._missing = {}, {}
                return _least(known)

    def take(self, arrived: Sequence[Arrived]) -> None:
        """Have them take messages in, for as long as it takes until one of them has. Raises what is
        a fault."""
        self._busy_since = time.monotonic()
        while len(failed := self._try(arrived)) == len(self.workers):
            self._wait(next(iter(failed.values())))
            with suppress(StoreUnavailable):
                self._alive()  # it is there all the same
        for name, error in failed.items():
            self._miss(name, arrived, error)
        self._busy_since = self._waits = None

    def beat(self) -> None:
        """Have each say that it is there, and who missed something try again. Raises
        StoreUnavailable."""
        self._alive()
        if self._missed:
            for name, error in self._try(()).items():
                self._miss(name, (), error)

    def fault(self) -> str | None:
        """Return why they do not move on though they should; None: they do, or have no need to."""
        now, since = time.monotonic(), self._busy_since
        if since is not None and now - since > BEHIND_SECONDS_MAX:
            return self._waits or f"one batch takes longer than {BEHIND_SECONDS_MAX:.0f} s"
        for name, (began, why) in dict(self._missing).items():
            if now - began > BEHIND_SECONDS_MAX:
                return f"{name}: {why}"
        return None

    def doing(self) -> str:
        """Return in a few words where the one is that is the furthest behind."""
        last = max(self.workers, key=_behind)
        said = self._doing(last)
        if len(self.workers) == 1:
            return said
        is_up = _behind(last) == 0 and last.reading.name not in self._missing
        return f"{len(self.workers)} readings, {'' if is_up else last.reading.name + ' '}{said}"

    def _doing(self, worker: Worker) -> str:
        waits = self._waits
        if waits is None and (missing := self._missing.get(worker.reading.name)) is not None:
            waits = missing[1]
        if waits is not None:
            return f"waits: {waits}"
        if not worker.assigned:
            return "no partition is assigned"
        part = f"partitions {_ranges(worker.assigned)}"
        positions = worker.positions()
        if not positions:
            return part
        since = self._busy_since
        busy = 0.0 if since is None else time.monotonic() - since
        batch = f", at one batch for {busy:.0f} s" if busy > TELL_BUSY_SECONDS else ""
        return f"{part}: {_behind(worker):,.0f} behind at {min(positions.values()):,}{batch}"

    def _try(self, arrived: Sequence[Arrived]) -> dict[str, StoreUnavailable]:
        """Return who could not take messages in, and why."""
        failed: dict[str, StoreUnavailable] = {}
        for worker in self.workers:
            name = worker.reading.name
            taken = [*self._missed.get(name, ()), *arrived]
            if not taken:
                continue
            try:
                worker.take(taken)
            except StoreUnavailable as error:
                failed[name] = error
            else:
                self._missed.pop(name, None)
                self._missing.pop(name, None)
        return failed

    def _miss(self, name: str, arrived: Sequence[Arrived], error: StoreUnavailable) -> None:
        """Remember the last message of each partition: what came before it is in the log."""
        if name not in self._missing:
            _log.warning("%s is left behind: %s", name, error)
        began, _ = self._missing.get(name, (time.monotonic(), ""))
        self._missing[name] = (began, str(error))
        last = {one.partition: one for one in (*self._missed.get(name, ()), *arrived)}
        self._missed[name] = list(last.values())

    def _alive(self) -> None:
        for worker in self.workers:
            if worker.assigned:
                worker.beat()

    def _wait(self, error: StoreUnavailable) -> None:
        if self._waits != str(error):
            _log.warning("%s waits: %s", self.name, error)
        self._waits = str(error)
        time.sleep(RETRY_SECONDS)


def _least(known: Iterable[dict[int, int]]) -> dict[int, int]:
    least: dict[int, int] = {}
    for offsets in known:
        for number, offset in offsets.items():
            least[number] = min(offset, least.get(number, offset))
    return least


def _behind(worker: Worker) -> float:
    """Return how many facts it has not taken in yet, as far as it knows: it does not where it has
    no position."""
    positions = worker.positions()
    return max(0, worker.head - min(positions.values())) if positions else math.inf


def _ranges(numbers: frozenset[int]) -> str:
    """Write 0, 1, 2, 5 as 0-2, 5."""
    said: list[list[int]] = []
    for number in sorted(numbers):
        if said and number == said[-1][-1] + 1:
            said[-1][1:] = [number]
        else:
            said.append([number])
    return ", ".join("-".join(str(one) for one in part) for part in said)
