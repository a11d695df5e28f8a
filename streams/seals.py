"""What does the sealer need: a place for the tree, a place outside, something that signs?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from domain.evidence.checkpoints import Checkpoint
from domain.evidence.notes import Check, Note, PublicKey
from domain.evidence.tiles import TileId
from domain.evidence.tree import HASH_BYTES


class Broken(Exception):
    """The log or its tree is not what was sealed: nothing more is signed. One sentence."""


class AnchorsUnavailable(Exception):
    """The place outside cannot be written or read. One sentence."""


class Kept(NamedTuple):
    """What is kept of the last seal."""

    epoch: str
    size: int
    note: bytes


class Page(NamedTuple):
    """A stretch of the log: its first and last position, and the hashes of its leaves, one after
    the other in the order of positions."""

    first: int
    last: int
    hashes: bytes

    @property
    def facts(self) -> int:
        """How many leaves there are."""
        return len(self.hashes) // HASH_BYTES


class Leaves(Protocol):
    """The log as the sealer follows it. Every method raises StoreUnavailable, but for ``wait``."""

    def leaves(self, after: int, limit: int) -> Page | None:
        """Return up to ``limit`` leaves after this position; None: there are none."""

    def head(self) -> tuple[int, datetime | None]:
        """Return the last position and its recorded time (0 and None in an empty log)."""

    def epoch(self) -> str:
        """Return the log's epoch."""

    def wait(self, beyond: int, seconds: float) -> bool:
        """Block until the log holds a position beyond this one, at most so long. True: it does."""


class SealStore(Protocol):
    """Where the tree is kept. Every method raises StoreUnavailable."""

    def lead(self) -> bool:
        """Return whether it falls to this process to seal: one at a time does."""

    def kept(self) -> Kept | None:
        """Return what is kept of the last seal; None: nothing was ever sealed."""

    def tiles(self, wanted: Collection[TileId]) -> Mapping[TileId, bytes]:
        """Return those of these tiles that there are."""

    def write(
        self, before: Kept | None, after: Kept, keys: str, tiles: Mapping[TileId, bytes]
    ) -> bool:
        """Write a seal and its tiles in one transaction; in another epoch, instead of all tiles.

        False, and nothing is written, where ``before`` is not what is kept.
        """

    def fault(self, error: str) -> None:
        """Note, for all to see, what keeps the log from being sealed, until the next seal."""


class Anchors(Protocol):
    """Where checkpoints are kept outside of the database. Raises AnchorsUnavailable."""

    def latest(self, epoch: str) -> bytes | None:
        """Return the note of the largest size of this epoch; None: there is none."""

    def put(self, checkpoint: Checkpoint, note: bytes) -> None:
        """Keep a note; one that is kept already is left as it is."""


class Signing(NamedTuple):
    """Who the log is, what signs for it, and whose signatures it believes of itself."""

    origin: str
    sign: Callable[[str], Note]
    known: Sequence[PublicKey]
    check: Check
