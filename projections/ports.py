"""What do readings need of the log as read, and of the store as written?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from domain.kernel import Envelope
from projections.reading import Reading


class StoreUnavailable(Exception):
    """The store or the log cannot be reached."""


class RawFact(NamedTuple):
    """A stored row: what the Merkle leaf covers. Decode with ``domain.registry``."""

    position: int
    recorded_at: datetime
    version: int
    body: bytes


class LogReader(Protocol):
    """The log as readings follow it. Position order is commit order: ``> position`` misses none."""

    def page(self, after: int, limit: int) -> Sequence[RawFact]:
        """Return up to ``limit`` facts with a higher position, in order."""

    def head(self) -> tuple[int, datetime | None]:
        """Return the last position and its recorded time (0 and None in an empty log)."""

    def epoch(self) -> str:
        """Return the log's epoch: a name made new when positions could be used again."""

    def wait(self, beyond: int, seconds: float) -> bool:
        """Block until the log holds a position beyond this one, at most so long. True: it does."""


class Parked(NamedTuple):
    """A fact that a fold could not take, or a later fact of the same key."""

    key: str
    position: int
    error: str
    parked_at: datetime


class ReadingState(NamedTuple):
    """Where one version of a reading stands. ``live`` is the one that answers are given from."""

    name: str
    version: int
    position: int
    live: bool
    epoch: str
    moved_at: datetime | None


class Changes(NamedTuple):
    """What one batch does to a reading: all of it in one transaction with the position.

    ``documents[kind][key]`` is the new document, ``deltas[tally][key]`` amounts to add in the order
    of the tally's columns.
    """

    documents: Mapping[str, Mapping[str, Any]]
    deltas: Mapping[str, Mapping[tuple[Any, ...], tuple[int, ...]]]
    parked: Sequence[Parked]
    unparked: Sequence[tuple[str, int]]
    position: int


class ReadingStore(Protocol):
    """Where readings are kept: a table per document kind and tally, per version of a reading."""

    def states(self) -> Sequence[ReadingState]:
        """Return every version of every reading that exists."""

    def create(self, reading: Reading, epoch: str) -> ReadingState:
        """Make empty tables for this version, at position 0; live if the reading has no other."""

    def load(self, reading: Reading, kind: str, keys: Iterable[str]) -> Mapping[str, Any]:
        """Return the documents under these keys; absent: none."""

    def parked(self, reading: Reading, keys: Iterable[str] | None = None) -> Sequence[Parked]:
        """Return what is put aside, by key and position."""

    def apply(self, reading: Reading, expected_position: int, changes: Changes) -> None:
        """Write one batch and its position in one transaction.

        Raises StalePosition where the stored position is not the expected one: another process
        has this reading.
        """

    def promote(self, reading: Reading) -> None:
        """Make this version the live one, point the stable views at it, drop the older ones."""


class StalePosition(Exception):
    """The reading has been moved on by somebody else."""
