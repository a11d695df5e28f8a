"""What became of facts that are not where they were sealed?

A row that does not fit its leaf is looked for among the leaves around it. That tells facts that
were altered from such as were swapped, or moved by a deletion or an insertion before them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from domain.evidence.tree import leaf_hash

STRAYS_MAX = 200
"""Rows that do not fit their leaf and are looked for elsewhere; the others are only counted."""

Found = Callable[[str, int, str], None]
"""Takes a finding: its kind, its position, and what is said of that."""


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


class Strays:
    """The first rows that do not fit their leaf; ``first`` is the position of the first, 0 if there
    is none, ``unexplained`` counts those that are too many to be looked for."""

    def __init__(self, size: int, sealed_leaf: Callable[[int], bytes | None]) -> None:
        self.first = 0
        self.unexplained = 0
        self._size = size
        self._leaf = sealed_leaf
        self._rows: dict[int, Row] = {}

    def add(self, row: Row) -> None:
        """Take one in, in order of position."""
        self.first = self.first or row.position
        if len(self._rows) < STRAYS_MAX:
            self._rows[row.position] = row
        else:
            self.unexplained += 1

    def explain(self, found: Found) -> int:
        """Say of every stray what became of it. Returns by how many the later ones were moved."""
        was = {row.position: self._was_at(row) for row in self._rows.values()}
        told: set[int] = set()
        shift = 0
        for position, row in self._rows.items():
            origin = was[position]
            if position in told:
                continue
            if origin is not None and was.get(origin) == position:
                found("swapped", position, f"was swapped with position {origin}")
                told |= {position, origin}
            elif origin is not None and origin - position == shift:
                continue  # moved with those before it
            elif origin is not None and self._shifts(was, position, origin - position):
                shift = _moved(found, position, origin, shift)
            elif was.get(position + 1) == position + shift:
                shift -= 1
                found("inserted", position, f"was not there when it was sealed: {_name(row)}")
            elif origin is not None:
                found("moved", position, f"was sealed as position {origin}")
            elif shift == 0 or position + shift <= self._size:
                told_of = f"is not what was sealed: its time, version or body; {_name(row)}"
                found("altered", position, told_of)
        return shift

    def _shifts(self, was: Mapping[int, int | None], position: int, by: int) -> bool:
        """Whether the rows from a position on were moved alike."""
        following = was.get(position + 1)
        return following == position + 1 + by or position + by == self._size

    def _was_at(self, row: Row) -> int | None:
        """Return the position that a stray was sealed as, with its own time and version, or, with
        those of the row that is there now, its body alone."""
        near = range(max(1, row.position - STRAYS_MAX), row.position + STRAYS_MAX)
        places: list[int] = sorted({*self._rows, *near}, key=lambda at: abs(at - row.position))
        for position in places:
            if position == row.position or position > self._size:
                continue
            sealed = self._leaf(position - 1)
            if leaf_hash(position, row.recorded_us, row.version, row.body) == sealed:
                return position
            there = self._rows.get(position)
            if there and leaf_hash(position, there.recorded_us, there.version, row.body) == sealed:
                return position
        return None


def _moved(found: Found, position: int, origin: int, shift: int) -> int:
    by = origin - position
    if by > shift:
        gone = range(position + shift, origin)
        places = f"to {gone[-1]} were" if len(gone) > 1 else "was"
        found("deleted", gone[0], f"{places} deleted, and later facts moved up")
    else:
        found("inserted", position - (shift - by), "was not there when it was sealed")
    return by


def _name(row: Row) -> str:
    return f"{row.type} in {row.stream}, version {row.version}"
