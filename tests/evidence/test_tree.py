"""Does the tree agree with its definition, and do proofs prove what they say and nothing else?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.evidence.tiles import (
    WIDTH,
    Frontier,
    TileId,
    WrongPath,
    edge_tiles,
    parse_path,
    path,
    span_hashes,
    tiles_for,
)
from domain.evidence.tree import (
    consistency_spans,
    extends,
    includes,
    inclusion_spans,
    leaf_hash,
    microseconds,
    moment,
    node_hash,
)

LEAVES_MAX = 700
LEAVES = [sha256(b"\0%d" % n).digest() for n in range(LEAVES_MAX)]

RFC_6962_LEAVES = ["", "00", "10", "2021", "3031", "40414243"]
RFC_6962_LEAVES += ["5051525354555657", "606162636465666768696a6b6c6d6e6f"]
RFC_6962_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The test vectors of Certificate Transparency's own implementation."""


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\1" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_proof(m: int, leaves: Sequence[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2, word for word."""
    if m == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*naive_proof(m, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_proof(m - k, leaves[k:], False), naive_root(leaves[:k])]


def grown(leaves: Sequence[bytes]) -> tuple[Frontier, dict[TileId, bytes]]:
    """A frontier that took these leaves in, and all tiles of its tree."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier, frontier.full | frontier.partial()


sizes = st.one_of(st.integers(1, LEAVES_MAX), st.sampled_from([255, 256, 257, 511, 512, 513]))


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    """The hashing is that of RFC 6962, by vectors that others made."""
    leaves = [sha256(b"\0" + bytes.fromhex(text)).digest() for text in RFC_6962_LEAVES[:size]]
    assert grown(leaves)[0].root().hex() == RFC_6962_ROOTS[size - 1]


def test_a_leaf_covers_position_time_version_and_body() -> None:
    """Three big-endian numbers of 8 bytes, and the bytes as stored."""
    at = datetime(2026, 3, 2, 9, 0, 0, 1, UTC)
    numbers = b"".join(n.to_bytes(8, "big") for n in (7, microseconds(at), 3))
    assert leaf_hash(7, microseconds(at), 3, b"{}") == sha256(b"\0" + numbers + b"{}").digest()
    assert microseconds(at) == 1_772_442_000_000_001
    assert moment(microseconds(at)) == at


@given(sizes)
@settings(max_examples=60, deadline=None)
def test_the_root_is_that_of_the_definition(size: int) -> None:
    """However many leaves there are, grown one by one."""
    assert grown(LEAVES[:size])[0].root() == naive_root(LEAVES[:size])


def test_the_empty_tree_has_a_root() -> None:
    """SHA-256 of nothing."""
    assert Frontier().root() == naive_root([])


@given(st.data(), sizes)
@settings(max_examples=60, deadline=None)
def test_an_inclusion_proof_is_that_of_the_definition(data: st.DataObject, size: int) -> None:
    """And it is accepted for its leaf in its place, and for nothing else."""
    index = data.draw(st.integers(0, size - 1))
    root, tiles = naive_root(LEAVES[:size]), grown(LEAVES[:size])[1]
    spans = inclusion_spans(index, size)
    proof = span_hashes(spans, {tile: tiles[tile] for tile in tiles_for(spans)})
    assert proof == naive_path(index, LEAVES[:size])
    assert includes(index, size, LEAVES[index], proof, root)
    assert not includes(index, size, LEAVES[index - 1], proof, root) or size == 1
    assert not includes(index, size, LEAVES[index], [*proof, root], root)
    assert not includes(index, size, LEAVES[index], proof[:-1], root) or size == 1
    assert not includes(index, size, LEAVES[index], proof, LEAVES[0]) or size == 1
    assert not includes(size, size, LEAVES[index], proof, root)
    if proof:
        altered = data.draw(st.integers(0, len(proof) - 1))
        proof[altered] = sha256(proof[altered]).digest()
        assert not includes(index, size, LEAVES[index], proof, root)


def test_no_inner_node_passes_as_a_leaf() -> None:
    """Its path to the root is right, and too short for a leaf of that tree."""
    left, right = (node_hash(*LEAVES[at : at + 2]) for at in (0, 2))
    root = naive_root(LEAVES[:4])
    assert node_hash(left, right) == root
    for index, node, beside in ((0, left, right), (3, right, left)):
        assert not includes(index, 4, node, [beside], root)


@given(st.data(), sizes)
@settings(max_examples=60, deadline=None)
def test_a_consistency_proof_is_that_of_the_definition(data: st.DataObject, size: int) -> None:
    """And it is accepted for these two trees, and for no others."""
    old = data.draw(st.integers(1, size))
    was, now = naive_root(LEAVES[:old]), naive_root(LEAVES[:size])
    spans = consistency_spans(old, size)
    proof = span_hashes(spans, grown(LEAVES[:size])[1])
    assert proof == naive_proof(old, LEAVES[:size])
    assert extends(old, was, size, now, proof)
    assert not extends(old, LEAVES[-1], size, now, proof)
    assert not extends(old, was, size, LEAVES[-1], proof)
    assert not extends(old, was, size, now, [*proof, now])
    if proof:
        assert not extends(old, was, size, now, proof[:-1])
        altered = data.draw(st.integers(0, len(proof) - 1))
        proof[altered] = sha256(proof[altered]).digest()
        assert not extends(old, was, size, now, proof)


def test_the_empty_tree_begins_every_tree() -> None:
    """Its proof is empty; another root than its own is not taken for it."""
    root = naive_root(LEAVES[:5])
    assert consistency_spans(0, 5) == []
    assert extends(0, naive_root([]), 5, root, [])
    assert not extends(0, root, 5, root, [])
    assert not extends(6, root, 5, root, [])


@pytest.mark.parametrize("asked", [(-1, 5), (5, 5), (0, 0)])
def test_there_is_no_proof_of_what_is_not_there(asked: tuple[int, int]) -> None:
    """A leaf outside of the tree."""
    with pytest.raises(ValueError, match="has no leaf"):
        inclusion_spans(*asked)


@given(sizes, sizes)
@settings(max_examples=40, deadline=None)
def test_a_frontier_goes_on_from_its_edge(size: int, further: int) -> None:
    """The tiles at the edge are all that it needs; what it fills is what one filled in one go."""
    first, tiles = grown(LEAVES[:size])
    again = Frontier.restored(size, {t: tiles[t] for t, width in edge_tiles(size) if width})
    assert again.root() == first.root()
    again.extend(b"".join(LEAVES[:further]))
    whole, all_tiles = grown(LEAVES[:size] + LEAVES[:further])
    assert again.root() == whole.root()
    assert again.partial() == whole.partial()
    assert tiles | again.full | again.partial() == tiles | all_tiles


def test_tiles_stand_on_one_another() -> None:
    """256 full tiles are one full tile of the level above."""
    frontier = Frontier()
    for n in range(WIDTH * WIDTH):
        frontier.append(LEAVES[n % LEAVES_MAX])
    assert len(frontier.full) == WIDTH + 1
    assert frontier.partial().keys() == {TileId(2, 0)}
    assert frontier.partial()[TileId(2, 0)] == frontier.root()


@pytest.mark.parametrize(
    ("tile", "width", "named"),
    [
        (TileId(0, 0), 256, "tile/0/000"),
        (TileId(0, 1_234_067), 256, "tile/0/x001/x234/067"),
        (TileId(3, 999), 12, "tile/3/999.p/12"),
        (TileId(1, 1_000), 1, "tile/1/x001/000.p/1"),
    ],
)
def test_tiles_have_the_addresses_of_tlog_tiles(tile: TileId, width: int, named: str) -> None:
    """Groups of three digits, all but the last with an x."""
    assert path(tile, width) == named
    assert parse_path(tile.level, named.removeprefix(f"tile/{tile.level}/")) == (tile, width)


@pytest.mark.parametrize(
    "named", ["", "1", "0001", "x000/001", "000.p/256", "000.p/0", "000.p/01", "x001", "000/"]
)
def test_other_addresses_are_refused(named: str) -> None:
    """Every tile has one address only."""
    with pytest.raises(WrongPath):
        parse_path(0, named)
