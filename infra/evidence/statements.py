"""How are tiles asked for?"""

from __future__ import annotations

from collections.abc import Collection
from typing import LiteralString

from domain.evidence.tiles import TileId

TILES: LiteralString = """
  select t.level, t.number, t.hashes
  from unnest(%(levels)s::smallint[], %(numbers)s::bigint[]) w(level, number)
  join evidence.tiles t on t.level = w.level and t.number = w.number
"""


def named(wanted: Collection[TileId]) -> dict[str, list[int]]:
    """Return the values that ``TILES`` takes."""
    return {
        "levels": [tile.level for tile in wanted],
        "numbers": [tile.number for tile in wanted],
    }
