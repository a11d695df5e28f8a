"""What do queries need of the tree over the log?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from domain.evidence.tiles import TileId


class Seal(NamedTuple):
    """What was last signed of the log: how many facts, the note that says so, and the verifier
    keys of the log, one a line."""

    epoch: str
    size: int
    note: bytes
    keys: str


class Leaf(NamedTuple):
    """What a leaf of the tree covers."""

    position: int
    recorded_at: datetime
    version: int
    body: bytes


class Evidence(Protocol):
    """The tree over the log, as it is kept. Every call raises StoreUnavailable."""

    async def seal(self) -> Seal | None:
        """Return what was last signed; None: the log is not sealed."""

    async def tiles(self, wanted: Collection[TileId]) -> Mapping[TileId, bytes]:
        """Return those of these tiles that there are."""

    async def leaf(self, tenant: str, position: int) -> Leaf | None:
        """Return what the leaf of a position covers; None: there is none of this tenant."""

    async def leaves(self, tenant: str, positions: Sequence[int]) -> Sequence[Leaf]:
        """Return what the leaves of these positions cover, of those that are the tenant's, in
        their order."""
