"""What do readings need of the log as read, and of the store as written?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from projections.reading import Amounts, Key, Reading


class StoreUnavailable(Exception):
    """The store or the log cannot be reached."""


class StalePosition(Exception):
    """The reading has been moved on by somebody else."""


class RawFact(NamedTuple):
    """A stored row: what the Merkle leaf covers. Decode with ``projections.decoding``."""

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
    """A fact that a fold could not take (``error`` says why), or a later fact of the same key.

    ``key`` begins with the tenant. Where the keys of a fact could not be learned, it is
    ``(WHOLE_STREAM, stream)``, and the later facts of that stream wait too.
    """

    documents: str
    key: Key
    position: int
    error: str


class Generation(NamedTuple):
    """One filling of a reading's tables: counted per reading from 1, never used twice.

    A new version of the code, a new epoch of the log, or a rebuild asked for by name begins the
    next generation.
    """

    reading: Reading
    number: int


class ReadingState(NamedTuple):
    """Where one generation of a reading stands. ``live`` is the one that answers come from.

    ``position`` is the least of its ``partitions``.
    """

    name: str
    generation: int
    version: int
    position: int
    live: bool
    epoch: str
    moved_at: datetime | None
    error: str | None
    partitions: int = 1


class Bookmark(NamedTuple):
    """The last message of a topic's partition that is taken in."""

    topic: str
    offset: int


class Place(NamedTuple):
    """Where one partition of a reading's live generation stands.

    ``revision`` moves whenever something is let go that was parked: whoever holds documents of the
    partition at hand must read them again.
    """

    generation: int
    version: int
    epoch: str
    partition: int
    partitions: int
    position: int
    revision: int
    bookmark: Bookmark | None


class Move(NamedTuple):
    """One partition on its way from a place to a later position."""

    place: Place
    position: int
    bookmark: Bookmark | None


class Changes(NamedTuple):
    """What one batch does to a reading: all of it in one transaction with the position.

    ``documents[kind][key]`` is the new document, ``created[kind]`` are the keys that had none;
    ``deltas[tally][key]`` amounts to add in the order of the tally's columns. Every key begins with
    the tenant, as ``load`` has it.
    """

    position: int
    documents: Mapping[str, Mapping[Key, Any]] = {}
    created: Mapping[str, Collection[Key]] = {}
    deltas: Mapping[str, Mapping[Key, Amounts]] = {}
    parked: Sequence[Parked] = ()
    unparked: Sequence[Parked] = ()

    @property
    def nothing(self) -> bool:
        """Whether only the position moves."""
        written = any(self.documents.values()) or any(self.deltas.values())
        return not (written or self.parked or self.unparked)


CatchUp = Callable[[int], None]
"""Takes a generation on to a position of the log, and writes it."""


class ReadingStore(Protocol):
    """Where readings are kept: a table per document kind and tally, per generation.

    Every method raises StoreUnavailable where the engine cannot be reached.
    """

    def lead(self) -> bool:
        """Return whether it falls to this process to move the readings: one at a time does.

        Once it does it stays so until the store is closed or its connection is lost.
        """

    def states(self) -> Sequence[ReadingState]:
        """Return every generation of every reading that exists, in order of name and number."""

    def create(self, reading: Reading, epoch: str, partitions: int = 1) -> ReadingState:
        """Make empty tables for the next generation, at position 0 in so many partitions.

        It is live, with its views, if the reading has no live generation.
        """

    def load(self, of: Generation, documents: str, keys: Iterable[Key]) -> dict[Key, Any]:
        """Return the documents under these keys; absent: none. Raises StalePosition where the
        generation was dropped."""

    def parked(self, of: Generation) -> Sequence[Parked]:
        """Return what is put aside, by kind, key and position."""

    def apply(self, of: Generation, expected_position: int, changes: Changes) -> None:
        """Write one batch and its position in one transaction, for all partitions in step.

        Raises StalePosition, and writes nothing, where the stored position is not the expected one
        or the generation is gone: another process has this reading.
        """

    def promote(self, of: Generation, catch_up: CatchUp | None = None) -> None:
        """Make this generation the live one and point the stable views at it, in one transaction.

        Where it is behind the live one, that is held where it is while ``catch_up`` is called with
        its position; what it writes counts at once. Whoever is reading a view is not disturbed.
        Raises StoreUnavailable rather than wait long for them, or where it is still behind, and
        may be called again.
        """

    def sweep(self, name: str) -> None:
        """Drop what is older than the live generation of a reading, unless it is being read."""

    def drop(self, name: str, number: int) -> None:
        """Drop a generation that is not live. One that is gone already is no error."""

    def taken(self, of: Generation, position: int) -> None:
        """Note how far a generation being filled has got in memory, for people to see."""

    def fault(self, of: Generation, error: str | None) -> None:
        """Note what keeps a generation from moving, for all to see; None: nothing any more."""


class PartitionStore(ReadingStore, Protocol):
    """Where readings are kept by several workers, each of which has some partitions."""

    def places(self, name: str) -> Sequence[Place]:
        """Return where the partitions of the live generation stand, in order; empty: there is
        none."""

    def move(self, of: Generation, moves: Sequence[Move], changes: Changes) -> None:
        """Write one batch that moves these partitions, each with its bookmark, in one transaction.

        ``changes.position`` says nothing here. Raises StalePosition, and writes nothing, where one
        of them is no longer in its place, or the generation no longer the live one.
        """

    def alive(self, name: str, partitions: Sequence[int]) -> None:
        """Note that these partitions of the live generation have a worker that is well."""


WHOLE_STREAM = "~stream"
"""Begins the key of facts that are parked by stream; no id begins with a tilde."""
