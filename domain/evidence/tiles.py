"""How is the tree kept in tiles of 256 hashes, and grown? (C2SP tlog-tiles)"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from domain.evidence.tree import HASH_BYTES, Node, Span, join, nodes

WIDTH, HEIGHT = 256, 8
"""Hashes in a full tile, and the levels of the tree that it spans."""
TILE_BYTES_MAX = WIDTH * HASH_BYTES
TILES_KEPT = 512
"""Tiles whose inner hashes are kept at hand, 8 KiB each."""
LEVEL_MAX = 7
"""Positions are less than 2**63, so that no tile stands higher."""
_PATH = re.compile(r"((?:x\d{3}/)*\d{3})(?:\.p/(\d{1,3}))?")


class TileId(NamedTuple):
    """A tile: its hashes are of level ``8 * level`` of the tree, from ``256 * number`` on."""

    level: int
    number: int


class WrongPath(ValueError):
    """Not the address of a tile."""


def path(tile: TileId, width: int = WIDTH) -> str:
    """Return a tile's address: ``tile/0/x001/067``, with ``.p/WIDTH`` where it is not full."""
    digits = f"{tile.number:03}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    named = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return f"tile/{tile.level}/{named}" + ("" if width == WIDTH else f".p/{width}")


def parse_path(level: int, named: str) -> tuple[TileId, int]:
    """Return the tile, and how many of its hashes are wanted, that an address below
    ``tile/LEVEL/`` names. Raises WrongPath unless it is written as ``path`` writes it."""
    match = _PATH.fullmatch(named)
    if match is None or not 0 <= level <= LEVEL_MAX:
        raise WrongPath(named)
    tile = TileId(level, int(match[1].replace("x", "").replace("/", "")))
    width = WIDTH if match[2] is None else int(match[2])
    if not 1 <= width <= WIDTH or path(tile, width) != f"tile/{level}/{named}":
        raise WrongPath(named)
    return tile, width


def tile_of(node: Node) -> TileId:
    """Return the tile that a subtree's hash follows from."""
    level, within = divmod(node.level, HEIGHT)
    return TileId(level, (node.number << within) // WIDTH)


def hash_in(tile: bytes | bytearray, node: Node) -> bytes:
    """Return a subtree's hash from the bytes of its tile.

    Raises LookupError where the tile is not wide enough for it.
    """
    within = node.level % HEIGHT
    row = _rows(bytes(tile))[within]
    first = ((node.number << within) % WIDTH >> within) * HASH_BYTES
    if first + HASH_BYTES > len(row):
        raise LookupError(f"the tile does not reach {node}")
    return row[first : first + HASH_BYTES]


@lru_cache(TILES_KEPT)
def _rows(tile: bytes) -> list[bytes]:
    """Return the hashes of all complete subtrees in a tile, level by level: a proof needs most of
    them, and the next one those of the same tiles higher up."""
    rows = [tile]
    for _ in range(1, HEIGHT):
        rows.append(_above(rows[-1]))
    return rows


def _above(row: bytes) -> bytes:
    pairs = range(0, len(row) - 2 * HASH_BYTES + 1, 2 * HASH_BYTES)
    return b"".join([sha256(b"\x01" + row[at : at + 2 * HASH_BYTES]).digest() for at in pairs])


def tiles_for(spans: Iterable[Span]) -> set[TileId]:
    """Return the tiles that the hashes of spans follow from."""
    return {tile_of(node) for span in spans for node in nodes(span)}


def span_hashes(spans: Sequence[Span], tiles: Mapping[TileId, bytes]) -> list[bytes]:
    """Return the hashes of spans from ``tiles_for`` them. Raises LookupError where one is short."""
    return [join([hash_in(tiles[tile_of(node)], node) for node in nodes(span)]) for span in spans]


class Frontier:
    """The right edge of a tree, which is all that it needs to grow.

    ``size`` counts its leaves. ``full`` are the tiles filled since they were last taken away.
    """

    def __init__(self) -> None:
        self.size = 0
        self.full: dict[TileId, bytes] = {}
        self._rows: list[bytearray] = [bytearray()]

    @classmethod
    def restored(cls, size: int, edge: Mapping[TileId, bytes]) -> Frontier:
        """Return the frontier of a tree that is kept. Raises LookupError where a tile of its
        ``edge`` is not there, or too short."""
        one = cls()
        one.size = size
        one._rows = []
        for tile, width in edge_tiles(size):
            kept = edge[tile] if width else b""
            if len(kept) < width * HASH_BYTES:
                raise LookupError(f"tile {tile} holds less than {width} hashes")
            one._rows.append(bytearray(kept[: width * HASH_BYTES]))
        return one

    def append(self, leaf: bytes) -> None:
        """Take the hash of the next leaf in."""
        self.size += 1
        self._rows[0] += leaf
        if len(self._rows[0]) == TILE_BYTES_MAX:
            self._close()

    def extend(self, leaves: bytes) -> None:
        """Take the hashes of the next leaves in, one after the other, a tile at a time."""
        taken = 0
        while taken < len(leaves):
            some = leaves[taken : taken + TILE_BYTES_MAX - len(self._rows[0])]
            self._rows[0] += some
            self.size += len(some) // HASH_BYTES
            taken += len(some)
            if len(self._rows[0]) == TILE_BYTES_MAX:
                self._close()

    def root(self) -> bytes:
        """Return the root of the tree as it is now."""
        return join([self._hash(node) for node in nodes((0, self.size))])

    def partial(self) -> dict[TileId, bytes]:
        """Return the tiles at the edge that are not full."""
        return {
            tile: bytes(row)
            for (tile, _), row in zip(edge_tiles(self.size), self._rows, strict=True)
            if row
        }

    def _hash(self, node: Node) -> bytes:
        return hash_in(self._rows[node.level // HEIGHT], node)

    def _close(self) -> None:
        """Put full rows away, each as one hash of the row above."""
        for level in range(LEVEL_MAX):
            row = self._rows[level]
            if len(row) < TILE_BYTES_MAX:
                return
            number = (self.size >> HEIGHT * (level + 1)) - 1
            self.full[TileId(level, number)] = bytes(row)
            if level + 1 == len(self._rows):
                self._rows.append(bytearray())
            self._rows[level + 1] += _above(_rows(bytes(row))[-1])
            row.clear()


def edge_tiles(size: int) -> list[tuple[TileId, int]]:
    """Return, for each level of a tree, the tile at its right edge and its width, perhaps 0."""
    found = []
    level = 0
    while level == 0 or size >> HEIGHT * level:
        hashes = size >> HEIGHT * level
        found.append((TileId(level, hashes // WIDTH), hashes % WIDTH))
        level += 1
    return found
