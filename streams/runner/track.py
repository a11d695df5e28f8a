"""How does one generation of a reading move along the log?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Executor, Future

from projections.batch import Folding
from projections.decoding import Taken
from projections.ports import Changes, Generation, ReadingStore, StalePosition, StoreUnavailable

DOCUMENTS_KEPT_MAX = 10_000
"""Documents that a live reading keeps at hand between batches."""
REBUILD_DOCUMENTS_KEPT_MAX = 600_000
"""The same for one that is rebuilt: while they suffice, nothing is read back."""
REBUILD_WRITE_DOCUMENTS_MAX = 250_000
"""Documents that one being rebuilt changes before it writes: most are changed again and again, so
to write late is to write little."""
TELL_SECONDS = 1.0
"""How often one being rebuilt says how far it is."""
BACKOFF_SECONDS_MIN = 0.5
BACKOFF_SECONDS_MAX = 30.0
UNAVAILABLE_SECONDS = 0.5
"""A store that is away is asked again so soon, however long it has been away."""


class Track:
    """One generation under way: taken in up to ``position``, written up to ``written``; ``at_end``
    tells whether that was the log's end when it was last read.

    An error, whatever it is, stops this track alone: it is noted for all to see, what is not
    written is forgotten, and after a while the track goes on from what the store says.
    """

    def __init__(
        self,
        of: Generation,
        position: int,
        live: bool,
        store: ReadingStore,
        writer: Executor | None = None,
    ) -> None:
        self.of = of
        self.live = live
        self.position = self.written = position
        self.at_end = False
        self.gone = False
        self.error: str | None = None
        self._store = store
        self._writer = writer
        self._folding: Folding | None = None
        self._under_way: Future[None] | None = None
        self._again_at = 0.0
        self._told_at = 0.0
        self._backoff = BACKOFF_SECONDS_MIN

    @property
    def name(self) -> str:
        """The reading's name."""
        return self.of.reading.name

    @property
    def ready(self) -> bool:
        """Whether it may be tried (again)."""
        return self.error is None or time.monotonic() >= self._again_at

    @property
    def settled(self) -> bool:
        """Whether all that was taken in is written."""
        return self.written == self.position and self._under_way is None

    def take(self, page: Sequence[Taken], through: int, more: bool) -> None:
        """Take in the facts up to position ``through``, and write unless more are to come."""
        try:
            self.folding().take(page)
            self.position, self.at_end = through, not more
            if not more or self._full():
                self._write()
        except Exception as error:
            self.fail(error)

    def settle(self) -> None:
        """Write what was taken in, and wait until it is."""
        try:
            if self.position != self.written:
                self._write()
            self._join()
        except Exception as error:
            self.fail(error)

    def folding(self) -> Folding:
        """Return the documents at hand; from what the store says where there are none yet."""
        if self._folding is None:
            states = self._store.states()
            mine = [s for s in states if (s.name, s.generation) == (self.name, self.of.number)]
            if not mine:
                self.gone = True
                raise StalePosition(f"{self.name} generation {self.of.number} is gone")
            if mine[0].position != self.position:
                self.position = self.written = mine[0].position
                raise StalePosition(f"{self.name} has been moved to {self.position}")
            self._folding = Folding(
                self.of.reading,
                lambda kind, keys: self._load(kind, keys),
                self._store.parked(self.of),
                complete=self.position == 0,
            )
        return self._folding

    def apply(self, changes: Changes) -> None:
        """Write changes that do not come from a page (a retry), with nothing else under way."""
        self._store.apply(self.of, self.written, changes)
        self.folding().written(DOCUMENTS_KEPT_MAX)

    def fail(self, error: Exception) -> None:
        """Forget what is not written, note why, and try again later."""
        self._folding = None
        self._under_way = None
        self.position = self.written
        self.error = f"{type(error).__name__}: {error}"
        if isinstance(error, StoreUnavailable):
            self._again_at = time.monotonic() + UNAVAILABLE_SECONDS
            return
        self._again_at = time.monotonic() + self._backoff
        self._backoff = min(2 * self._backoff, BACKOFF_SECONDS_MAX)
        if isinstance(error, StalePosition):
            self._again_at = 0.0
            self._find_position()
        else:
            self._note(self.error)

    def _full(self) -> bool:
        if self.live:
            return True
        if time.monotonic() - self._told_at > TELL_SECONDS:
            self._told_at = time.monotonic()
            self._store.taken(self.of, self.position)
        return self.folding().pending >= REBUILD_WRITE_DOCUMENTS_MAX

    def _load(self, kind: str, keys: object) -> dict[tuple[object, ...], object]:
        self._join()
        return self._store.load(self.of, kind, keys)  # type: ignore[arg-type]

    def _write(self) -> None:
        self._join()
        folding = self.folding()
        changes = folding.changes(self.position)
        expected, self.written = self.written, self.position
        folding.written(DOCUMENTS_KEPT_MAX if self.live else REBUILD_DOCUMENTS_KEPT_MAX)
        if self._writer is None or self.live:
            self._store_changes(expected, changes)
        else:
            self._under_way = self._writer.submit(self._store_changes, expected, changes)

    def _store_changes(self, expected: int, changes: Changes) -> None:
        try:
            self._store.apply(self.of, expected, changes)
        except Exception:
            self.written = expected
            raise
        self.error = None
        self._backoff = BACKOFF_SECONDS_MIN

    def _join(self) -> None:
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()

    def _find_position(self) -> None:
        try:
            for state in self._store.states():
                if (state.name, state.generation) == (self.name, self.of.number):
                    self.position = self.written = state.position
        except StoreUnavailable:
            self._again_at = time.monotonic() + self._backoff

    def _note(self, error: str) -> None:
        try:
            self._store.fault(self.of, error)
        except Exception:  # the store is what is broken; the error stands in self.error
            self._again_at = time.monotonic() + self._backoff
