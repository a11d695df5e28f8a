"""Where does the log as it stands differ from what was sealed, and how?

Rows are taken in one by one, in order of position, beside the sealed leaves. A row that does not
fit its leaf is kept, some hundreds at most, and at the end looked for among the leaves around it:
that tells facts that were altered from such as were swapped, or moved by a deletion or insertion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from domain.evidence.checkpoints import Checkpoint
from domain.evidence.tiles import Frontier, TileId
from domain.evidence.tree import HASH_BYTES, leaf_hash

STRAYS_MAX = 200
"""Rows that do not fit their leaf and are looked for elsewhere; the others are only counted."""
FINDINGS_MAX = 1_000
NOT_THERE = bytes(HASH_BYTES)
"""Stands for the leaf of a position that is missing."""


class Row(NamedTuple):
    """A row of the log: what its leaf covers, and the copies of what is in the body."""

    position: int
    recorded_us: int
    version: int
    body: bytes
    stream: str
    type: str
    tenant: str
    subject: str | None


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
        self._fits: dict[Checkpoint, bool] = {}
        self._leaf = sealed_leaf
        self._tile = sealed_tile
        self._tree = Frontier()
        self._strays: dict[int, Row] = {}
        self._stray_count = 0
        self._tiles_differ: list[TileId] = []
        self._root: bytes | None = None
        self._shift = 0
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
        if row.position <= self._size and self._leaf(row.position - 1) != leaf:
            self._stray_count += 1
            if len(self._strays) < STRAYS_MAX:
                self._strays[row.position] = row
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
            self._shift = self._explain_strays()
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
        at = [one for one in self._anchors if one.size == self.size] if self._anchors else []
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
        if self._stray_count:
            first = min(self._strays)
            self._found("tree", first, "its leaf in the tree was altered; the fact was not")
        for tile in self._tiles_differ if not self._stray_count else ():
            first = (tile.number << 8 * (tile.level + 1)) + 1
            self._found("tree", first, f"tile {tile.number} of level {tile.level} was altered")

    def _explain_strays(self) -> int:
        """Say of every stray what became of it. Returns by how many the later ones were moved."""
        was = {row.position: self._was_at(row) for row in self._strays.values()}
        told: set[int] = set()
        shift = 0
        for position, row in self._strays.items():
            origin = was[position]
            if position in told:
                continue
            if origin is not None and was.get(origin) == position:
                self._found("swapped", position, f"was swapped with position {origin}")
                told |= {position, origin}
            elif origin is not None and origin - position == shift:
                continue  # moved with those before it
            elif origin is not None and self._shifts(was, position, origin - position):
                shift = self._moved(position, origin, shift)
            elif was.get(position + 1) == position + shift:
                shift -= 1
                self._found("inserted", position, f"was not there when it was sealed: {_name(row)}")
            elif origin is not None:
                self._found("moved", position, f"was sealed as position {origin}")
            elif shift == 0 or position + shift <= self._size:
                told_of = f"is not what was sealed: its time, version or body; {_name(row)}"
                self._found("altered", position, told_of)
        self.more += max(0, self._stray_count - STRAYS_MAX) if shift == 0 else 0
        return shift

    def _shifts(self, was: Mapping[int, int | None], position: int, by: int) -> bool:
        """Whether the rows from a position on were moved alike."""
        following = was.get(position + 1)
        return following == position + 1 + by or position + by == self._size

    def _moved(self, position: int, origin: int, shift: int) -> int:
        by = origin - position
        if by > shift:
            gone = range(position + shift, origin)
            places = f"to {gone[-1]} were" if len(gone) > 1 else "was"
            self._found("deleted", gone[0], f"{places} deleted, and later facts moved up")
        else:
            self._found("inserted", position - (shift - by), "was not there when it was sealed")
        return by

    def _was_at(self, row: Row) -> int | None:
        """Return the position that a stray was sealed as, with its own time and version, or, with
        those of the row that is there now, its body alone."""
        near = range(max(1, row.position - STRAYS_MAX), row.position + STRAYS_MAX)
        places: list[int] = sorted({*self._strays, *near}, key=lambda at: abs(at - row.position))
        for position in places:
            if position == row.position or position > self._size:
                continue
            sealed = self._leaf(position - 1)
            if leaf_hash(position, row.recorded_us, row.version, row.body) == sealed:
                return position
            there = self._strays.get(position)
            if there and leaf_hash(position, there.recorded_us, there.version, row.body) == sealed:
                return position
        return None

    def _cut(self) -> None:
        if self.size + self._shift < self._size:
            told = f"to {self._size} were sealed and are cut off"
            self._found("cut", self.size + 1, told)

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
                self._found(kind, self.size + 1, f"to {one.size} were anchored{of}, and are gone")

    def _found(self, kind: str, position: int, said: str) -> None:
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(kind, position, f"position {position} {said}"))
        else:
            self.more += 1


def _name(row: Row) -> str:
    return f"{row.type} in {row.stream}, version {row.version}"
