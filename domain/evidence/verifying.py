"""Does a file of facts show what it says?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec
from msgspec import UNSET

from domain.evidence.checkpoints import Checkpoint, opened
from domain.evidence.exports import TOLD_FACTS, Entry, Header, line
from domain.evidence.notes import Check, PublicKey, Signed, decoded, parse_key, signers
from domain.evidence.tiles import Frontier
from domain.evidence.tree import includes, leaf_hash

LINE_BYTES_MAX = 64 * 1024 * 1024
"""Readers of files take no more at once; a longer line is no line of ours."""


class Rejected(Exception):
    """The file does not show what it says: ``why``, in the ``line``, which counts from 1."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line = line
        self.why = why


class Verified(NamedTuple):
    """What a file has shown: so many facts of the log as it was at a checkpoint, which these
    signed. ``anchored`` counts the anchors that it was held against; ``note`` is the checkpoint as
    it was signed."""

    checkpoint: Checkpoint
    tenant: str | None
    subject: str | None
    facts: int
    signed: Sequence[Signed]
    anchored: int
    note: str


class _Of(msgspec.Struct):
    tenant: str
    subject: str | None


_header = msgspec.json.Decoder(Header)
_entry = msgspec.json.Decoder(Entry)
_of = msgspec.json.Decoder(_Of)


def verify(
    lines: Iterable[bytes],
    known: Sequence[PublicKey],
    check: Check,
    anchors: Sequence[Checkpoint] = (),
    told: Callable[[Header, int], None] = lambda *_: None,
) -> Verified:
    """Check a file against known keys (none: those that it names) and anchored checkpoints.

    ``told`` hears now and then how many facts are checked. Raises Rejected.
    """
    rest = iter(lines)
    first = next(rest, b"")
    try:
        head = _header.decode(first)
        keys = [*known] or [parse_key(key) for key in head.keys]
        note = opened(head.checkpoint.encode(), keys, check)
        named = [parse_key(key) for key in head.keys]
    except (msgspec.MsgspecError, ValueError) as error:
        raise Rejected(1, str(error)) from error
    if line(head) != first:
        raise Rejected(1, "it is not written as it was")
    if not any(key.name == one.name and key.key_id == one.key_id
               for key in named for one in note.note.signatures):  # fmt: skip
        raise Rejected(1, "the keys it names did not sign its checkpoint")
    checkpoint = note.checkpoint
    near = [a for a in anchors if (a.origin, a.epoch) == (checkpoint.origin, checkpoint.epoch)]
    entries = _entries(rest, head, told)
    tenant = None if head.tenant is UNSET else head.tenant
    if (tenant, head.subject) == (None, None):
        count, held = _whole(entries, checkpoint, near)
    else:
        count, held = _some(entries, checkpoint, tenant, head.subject, near)
    if count != head.facts:
        raise Rejected(1, f"it says {head.facts} facts, and there are {count}")
    by = signers(note.note, keys, check)
    return Verified(checkpoint, tenant, head.subject, count, by, held, head.checkpoint)


def facts(lines: Iterable[bytes]) -> Iterator[Entry]:
    """Yield the facts of a file that was verified."""
    rest = iter(lines)
    next(rest, None)
    for read in rest:
        yield _entry.decode(read)


def _entries(
    lines: Iterator[bytes], header: Header, told: Callable[[Header, int], None]
) -> Iterator[tuple[int, Entry, bytes]]:
    for number, read in enumerate(lines, 2):
        try:
            found = _entry.decode(read)
            body = found.stored
        except (msgspec.MsgspecError, ValueError) as error:
            raise Rejected(number, str(error)) from error
        if line(found) != read:
            raise Rejected(number, "it is not written as it was")
        yield number, found, body
        if (number - 1) % TOLD_FACTS == 0:
            told(header, number - 1)
    told(header, header.facts)


def _whole(
    entries: Iterator[tuple[int, Entry, bytes]], checkpoint: Checkpoint, near: list[Checkpoint]
) -> tuple[int, int]:
    frontier = Frontier()
    waiting = sorted((a for a in near if a.size <= checkpoint.size), key=lambda a: -a.size)
    held = len(waiting)
    while waiting and waiting[-1].size == 0:
        _held(frontier, waiting.pop())
    for number, one, body in entries:
        if one.position != frontier.size + 1 or one.hashes is not None:
            raise Rejected(number, f"position {frontier.size + 1} is missing")
        frontier.append(leaf_hash(one.position, one.recorded_us, one.version, body))
        while waiting and waiting[-1].size == frontier.size:
            _held(frontier, waiting.pop())
        frontier.full.clear()
    if (frontier.size, frontier.root()) != (checkpoint.size, checkpoint.root):
        raise Rejected(1, "the facts are not those of the checkpoint")
    return frontier.size, held


def _held(frontier: Frontier, anchor: Checkpoint) -> None:
    if frontier.root() != anchor.root:
        raise Rejected(frontier.size + 1, f"the facts are not those anchored at {anchor.size}")


def _some(
    entries: Iterator[tuple[int, Entry, bytes]],
    checkpoint: Checkpoint,
    tenant: str | None,
    subject: str | None,
    near: list[Checkpoint],
) -> tuple[int, int]:
    same = [anchor for anchor in near if anchor.size == checkpoint.size]
    if any(anchor.root != checkpoint.root for anchor in same):
        raise Rejected(1, f"the checkpoint is not the one anchored at {checkpoint.size}")
    count, last = 0, 0
    for number, one, body in entries:
        leaf = leaf_hash(one.position, one.recorded_us, one.version, body)
        proof = [decoded(each) for each in one.hashes or ()]
        if not includes(one.position - 1, checkpoint.size, leaf, proof, checkpoint.root):
            raise Rejected(number, f"the proof of position {one.position} is not right")
        if one.position <= last:
            raise Rejected(number, f"position {one.position} is not in its place")
        try:
            of = _of.decode(body)
        except (msgspec.MsgspecError, ValueError) as error:
            raise Rejected(number, f"the body is not a fact: {error}") from error
        if subject not in (None, of.subject):
            raise Rejected(number, f"position {one.position} is not about {subject}")
        if tenant not in (None, of.tenant):
            raise Rejected(number, f"position {one.position} is not of the tenant {tenant}")
        count, last = count + 1, one.position
    return count, len(same)
