"""How far is a publisher, and what does that say of how it is doing?"""

from __future__ import annotations

from asyncio import Future
from collections import deque
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

PAGES_NOTED_MAX = 1_024
"""Pages under way whose time is remembered; of more, the later ones are taken to be as old."""


class Progress:
    """Written by one publisher, read by whoever asks, from any thread."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.epoch = ""
        self.position = 0
        """Everything up to here was acknowledged."""
        self.head = 0
        self.facts = 0
        """Facts handed over by this process; those of every partition count once."""
        self.messages = 0
        self.bytes = 0
        """Of the messages' values, before compression."""
        self.error: str | None = None
        """What keeps it from moving."""
        self._head_at: datetime | None = None
        self._pages: deque[tuple[int, datetime]] = deque(maxlen=PAGES_NOTED_MAX)

    def begin(self, epoch: str, position: int) -> None:
        """Begin, or begin anew."""
        self._pages.clear()
        self.epoch, self.position = epoch, position

    def read(self, through: int, first_recorded_at: datetime) -> None:
        """Note a page that was read: where it ends, and the time of its first fact."""
        if len(self._pages) < PAGES_NOTED_MAX:
            self._pages.append((through, first_recorded_at))

    def acknowledge(self, position: int) -> None:
        """Note how far everything was acknowledged."""
        self.position = max(self.position, position)
        self.error = None
        while self._pages and self._pages[0][0] <= position:
            self._pages.popleft()

    def log_ends(self, head: int, recorded_at: datetime | None) -> None:
        """Note where the log ends."""
        self.head, self._head_at = head, recorded_at

    @property
    def lag_positions(self) -> int:
        """Facts of the log that were not acknowledged yet."""
        return max(self.head - self.position, 0)

    def lag_seconds(self, now: datetime) -> float:
        """Return the age of the first of them; 0: there is none."""
        if self.lag_positions == 0:
            return 0.0
        try:
            since: datetime | None = self._pages[0][1]
        except IndexError:
            since = self._head_at
        return 0.0 if since is None else max((now - since).total_seconds(), 0.0)


class Acknowledgements:
    """What was handed over in several rows (partitions), and up to where all of it has arrived.

    What is handed over in one row arrives in order. ``moved`` is told of every new common end.
    """

    def __init__(self, rows: int, begin: int, moved: Callable[[int], None]) -> None:
        self._through = [begin] * rows
        self._last: list[Future[Any] | None] = [None] * rows
        self._common = begin
        self._moved = moved
        self._failure: BaseException | None = None

    def expect(self, row: int, through: int, future: Future[Any] | None = None) -> None:
        """Note that this row has arrived up to ``through`` when the future is done; without one,
        when what was handed over in it before has arrived."""
        if future is not None:
            self._last[row] = future
        last = self._last[row]
        if last is None:
            self._arrived(row, through)
        else:
            last.add_done_callback(partial(self._done, row, through))

    def check(self) -> None:
        """Raise what kept something from arriving."""
        if self._failure is not None:
            raise self._failure

    def _done(self, row: int, through: int, future: Future[Any]) -> None:
        if future.cancelled():
            return
        failure = future.exception()
        if failure is not None:
            self._failure = self._failure or failure
        elif self._failure is None:
            self._arrived(row, through)

    def _arrived(self, row: int, through: int) -> None:
        self._through[row] = through
        common = min(self._through)
        if common > self._common:
            self._common = common
            self._moved(common)
