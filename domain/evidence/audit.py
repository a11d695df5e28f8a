"""Where does the log as it stands differ from what was sealed, and how?

Rows are taken in one by one, in order of position, beside the sealed leaves, and the tree is grown
from them anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from domain.evidence.checkpoints import Checkpoint
from domain.evidence.strays import Row, Strays
from domain.evidence.tiles import Frontier, TileId
from domain.evidence.tree import HASH_BYTES, leaf_hash

FINDINGS_MAX = 1_000
NOT_THERE = bytes(HASH_BYTES)
"""Stands for the leaf of a position that is missing."""


class Finding(NamedTuple):
    """Something that is not as it was. ``kind`` is altered, swapped, moved, deleted, inserted,
    missing, cut, column, time, tree, signature, anchor or epoch."""

    kind: str
    position: int
    said: str


class _Copies(msgspec.Struct):
    stream: str
    type: str
    tenant: str
    subject: str | None


_copies = msgspec.json.Decoder(_Copies)


class Audit:
    """Compares a log with its tree, its last checkpoint and its anchors.

    ``sealed_leaf(index)`` is the leaf that the tree holds, None where it holds none; ``anchors``
    are held against the log whatever their epoch.
    """

    def __init__(
        self,
        checkpoint: Checkpoint | None,
        anchors: Sequence[Checkpoint],
        sealed_leaf: Callable[[int], bytes | None],
        sealed_tile: Callable[[TileId], bytes | None],
    ) -> None:
        self.findings: list[Finding] = []
        self.more = 0
        self._checkpoint = checkpoint
        self._size = 0 if checkpoint is None else checkpoint.size
        self._anchors = sorted(anchors, key=lambda one: one.size)
        self._at: defaultdict[int, list[Checkpoint]] = defaultdict(list)
        for one in self._anchors:
            self._at[one.size].append(one)
        self._fits: dict[Checkpoint, bool] = {}
        self._leaf = sealed_leaf
        self._tile = sealed_tile
        self._tree = Frontier()
        self._strays = Strays(self._size, sealed_leaf)
        self._tiles_differ: list[TileId] = []
        self._root: bytes | None = None
        self._shift = 0
        self._as_sealed = 0
        self._last_us = 0
        self._compare_roots()

    @property
    def size(self) -> int:
        """How many positions are looked at."""
        return self._tree.size

    def take(self, row: Row) -> None:
        """Look at the next row."""
        if row.position > self.size + 1:
            self._missing(row.position)
        leaf = leaf_hash(row.position, row.recorded_us, row.version, row.body)
        if row.position <= self._size:
            if self._leaf(row.position - 1) == leaf:
                self._as_sealed = row.position
            else:
                self._strays.add(row)
        self._grow(leaf)
        self._look_at_columns(row)
        if row.recorded_us < self._last_us:
            self._found("time", row.position, "was recorded before the one in front of it")
        self._last_us = row.recorded_us

    def finish(self) -> Sequence[Finding]:
        """Return all that was found, in order of position."""
        fits = self._checkpoint is None or self._root == self._checkpoint.root
        if fits:
            self._only_the_tree()
        else:
            self._shift = self._strays.explain(self._found)
            self.more += self._strays.unexplained if self._shift == 0 else 0
            self._cut()
            if not self.findings:
                self._all_made_to_fit()
        self._look_at_anchors()
        return sorted(self.findings, key=lambda one: one.position)

    def _grow(self, leaf: bytes) -> None:
        self._tree.append(leaf)
        for tile, hashes in self._tree.full.items():
            reaches = (tile.number + 1) << 8 * (tile.level + 1)
            if reaches <= self._size and self._tile(tile) != hashes:
                self._tiles_differ.append(tile)
        self._tree.full.clear()
        self._compare_roots()

    def _compare_roots(self) -> None:
        at = self._at.get(self.size, ())
        if at or self.size == self._size:
            root = self._tree.root()
            self._fits |= {one: one.root == root for one in at}
            self._root = root if self.size == self._size else self._root

    def _missing(self, until: int) -> None:
        first = self.size + 1
        places = f"to {until - 1} are" if until - first > 1 else "is"
        self._found("missing", first, f"{places} not there")
        while self.size < until - 1:
            self._grow(NOT_THERE)

    def _look_at_columns(self, row: Row) -> None:
        try:
            said = _copies.decode(row.body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return  # not a body of ours: its leaf alone vouches for it
        for name in ("stream", "type", "tenant", "subject"):
            column, body = getattr(row, name), getattr(said, name)
            if column != body:
                told = f"its column {name} says {column!r}, its body {body!r}"
                self._found("column", row.position, told)

    def _only_the_tree(self) -> None:
        """The facts are those that were signed: what differs is the tree that is kept of them."""
        if self._strays.first:
            told = "its leaf in the tree was altered; the fact was not"
            self._found("tree", self._strays.first, told)
        for tile in self._tiles_differ if not self._strays.first else ():
            first = (tile.number << 8 * (tile.level + 1)) + 1
            self._found("tree", first, f"tile {tile.number} of level {tile.level} was altered")

    def _cut(self) -> None:
        """Tell of what was sealed and is gone from the end; positions are those of the seal."""
        first = self.size + self._shift + 1
        if first <= self._size and self._as_sealed < self._size:
            self._found("cut", first, f"{_through(first, self._size, 'sealed')} cut off")

    def _all_made_to_fit(self) -> None:
        good = max((one.size for one, fits in self._fits.items() if fits), default=0)
        told = f"to {self._size}: something was altered, and the tree to fit; it was not signed so"
        self._found("altered", good + 1, told)

    def _look_at_anchors(self) -> None:
        """Tell of each epoch the first anchor that does not fit: none after it can."""
        epoch = None if self._checkpoint is None else self._checkpoint.epoch
        told: set[str] = set()
        for one in self._anchors:
            there = one.size <= self.size + self._shift
            if one.epoch in told or (there and self._fits.get(one, False)):
                continue
            told.add(one.epoch)
            kind = "anchor" if epoch in (None, one.epoch) else "epoch"
            of = "" if kind == "anchor" else f" in epoch {one.epoch}, which is over"
            if there:
                self._found(kind, one.size, f"and those before are not what was anchored{of}")
            else:
                kind = "cut" if kind == "anchor" else kind
                first = self.size + self._shift + 1
                self._found(kind, first, f"{_through(first, one.size, 'anchored', of)} gone")

    def _found(self, kind: str, position: int, said: str) -> None:
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(kind, position, f"position {position} {said}"))
        else:
            self.more += 1


def _through(first: int, last: int, was: str, of: str = "") -> str:
    return f"was {was}{of} and is" if first == last else f"to {last} were {was}{of} and are"
