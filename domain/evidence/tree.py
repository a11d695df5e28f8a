"""How are facts bound into one hash, and which hashes prove what? (RFC 9162, section 2.1)"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from struct import Struct
from typing import NamedTuple

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LEAF = Struct("!Bqqq")

Span = tuple[int, int]
"""Leaves from the first index up to, and without, the second; indexes count from 0."""


class Node(NamedTuple):
    """A complete subtree: the 2**level leaves from number * 2**level on."""

    level: int
    number: int


def microseconds(moment: datetime) -> int:
    """Return an aware moment in microseconds since 1970-01-01T00:00:00Z."""
    return (moment - _UNIX) // _MICROSECOND


def moment(at_us: int) -> datetime:
    """Return the moment, in UTC, so many microseconds after 1970-01-01T00:00:00Z."""
    return _UNIX + at_us * _MICROSECOND


def leaf_hash(position: int, recorded_us: int, version: int, body: bytes) -> bytes:
    """Return the leaf of one fact: SHA-256 of 00, three big-endian 64-bit numbers, and the body.

    ``position`` counts from 1, so that its leaf has the index ``position - 1``; ``recorded_us`` are
    microseconds since 1970; ``body`` are the bytes as they are stored.
    """
    return sha256(_LEAF.pack(0, position, recorded_us, version) + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees: SHA-256 of 01 and both."""
    return sha256(b"\x01" + left + right).digest()


def join(hashes: Sequence[bytes]) -> bytes:
    """Return the hash of a span from those of its ``nodes``, left to right; of none: EMPTY_ROOT."""
    if not hashes:
        return EMPTY_ROOT
    joined = hashes[-1]
    for left in reversed(hashes[:-1]):
        joined = node_hash(left, joined)
    return joined


def nodes(span: Span) -> list[Node]:
    """Return the complete subtrees that a span of a tree consists of, left to right."""
    start, end = span
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append(Node(level, start >> level))
        start += 1 << level
    return found


def inclusion_spans(index: int, size: int) -> list[Span]:
    """Return the spans whose hashes prove that a leaf is in the tree (RFC 9162, 2.1.3.1).

    Raises ValueError unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} has no leaf {index}")
    start, end, found = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """Return the spans whose hashes prove that the tree of size ``old`` begins the one of size
    ``new`` (RFC 9162, 2.1.4.1); none where either is trivial.

    Raises ValueError unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} cannot begin one of {new}")
    if old in (0, new):
        return []
    start, end, found = 0, new, []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    if start:
        found.append((start, end))
    return found[::-1]


def includes(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows the leaf at this index of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes(proof):
        return False
    at, last, found = index, size - 1, leaf
    for part in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(part, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, part)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def extends(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that one tree begins the other (RFC 9162, 2.1.4.2)."""
    if old == new or old == 0:
        return not proof and (old_root == new_root if old == new else old_root == EMPTY_ROOT)
    if not 0 < old < new or not proof or not _are_hashes(proof):
        return False
    parts = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    was = now = parts[0]
    for part in parts[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            was, now = node_hash(part, was), node_hash(part, now)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            now = node_hash(now, part)
        at, last = at >> 1, last >> 1
    return last == 0 and was == old_root and now == new_root


def _split(width: int) -> int:
    """Return the largest power of two that is less than a width of 2 or more."""
    return 1 << (width - 1).bit_length() - 1


def _are_hashes(proof: Sequence[bytes]) -> bool:
    return all(len(part) == HASH_BYTES for part in proof)
