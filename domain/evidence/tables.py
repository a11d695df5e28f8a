"""How does an export lie in a Parquet file, and how is it proven from there?

A row a fact: what its leaf covers, its proof, and copies of what is in the body, for whoever
searches. The header stands in the footer's notes. Who verifies takes the lines of the export out of
it and writes the file anew: every byte follows from them.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from os import SEEK_END
from typing import Annotated, Any, BinaryIO

import msgspec

from domain.evidence.checkpoints import Checkpoint
from domain.evidence.exports import Entry, Header, entry, line
from domain.evidence.notes import Check, PublicKey
from domain.evidence.parquet import (
    BYTE_ARRAY,
    END_BYTES,
    INT64,
    MAGIC,
    MICROSECONDS,
    UTF8,
    Column,
    Group,
    Values,
    WrongParquet,
    chunk,
    footer,
    footer_bytes,
    read_chunk,
    read_footer,
)
from domain.evidence.tree import HASH_BYTES, microseconds
from domain.evidence.verifying import Rejected, Verified, verify

ROWS_MAX = 5_000
"""Rows of a group."""
GROUP_BYTES_MAX, FOOTER_BYTES_MAX = 1 << 30, 1 << 28
"""Readers take no more at once."""
NOTE = "registrar"
"""The name of the note that holds the header."""
_COPIES = ("type", "stream", "tenant", "subject", "actor")
COLUMNS = (
    Column("position", INT64),
    Column("recorded_at", INT64, MICROSECONDS),
    Column("version", INT64),
    Column("occurred_at", INT64, MICROSECONDS, optional=True),
    *(Column(name, BYTE_ARRAY, UTF8, optional=True) for name in _COPIES),
    Column("body", BYTE_ARRAY, UTF8),
    Column("proof", BYTE_ARRAY, optional=True),
)
"""``proof`` are the hashes from the leaf to the root, one after another; missing where the file
holds the whole log, which its root proves."""
_PROVEN = (0, 1, 2, len(COLUMNS) - 2, len(COLUMNS) - 1)


class _Copied(msgspec.Struct):
    type: str | None = None
    stream: str | None = None
    tenant: str | None = None
    subject: str | None = None
    actor: str | None = None
    occurred_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


_copied = msgspec.json.Decoder(_Copied)


def table(header: Header, entries: Iterable[Entry]) -> Iterator[bytes]:
    """Yield the parts of the file, in order."""
    yield MAGIC
    groups, at, rest = [], len(MAGIC), iter(entries)
    while some := [*islice(rest, ROWS_MAX)]:
        chunks = _chunks(some)
        groups.append(Group(len(some), at, [len(one) for one in chunks]))
        yield from chunks
        at += sum(groups[-1].sizes)
    yield footer(COLUMNS, groups, {NOTE: line(header)})


def verify_table(
    file: BinaryIO,
    known: Sequence[PublicKey],
    check: Check,
    anchors: Sequence[Checkpoint] = (),
    told: Callable[[Header, int], None] = lambda *_: None,
) -> Verified:
    """Check a Parquet file as ``exports.verify`` checks lines. Raises WrongParquet."""
    try:
        return verify(lines_of(file), known, check, anchors, told)
    except Rejected as error:
        where = f"row {error.line - 1}: " if error.line > 1 else ""
        raise WrongParquet(f"{where}{error.why}") from error


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of the export in the file. Raises WrongParquet where a byte is not as it was
    written, as soon as it gets there."""
    size = file.seek(0, SEEK_END)
    file.seek(max(0, size - END_BYTES))
    length = footer_bytes(file.read()) + END_BYTES
    if length > min(FOOTER_BYTES_MAX, size - len(MAGIC)):
        raise WrongParquet("its footer is longer than it can be")
    file.seek(size - length)
    written = file.read()
    groups, notes = read_footer(written)
    if any(len(group.sizes) != len(COLUMNS) for group in groups):
        raise WrongParquet("its columns are not those of an export")
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC or footer(COLUMNS, groups, notes) != written:
        raise WrongParquet("it is not written as it was")
    header = notes.get(NOTE, b"")
    if notes.keys() != {NOTE} or sum(_size(group) for group in groups) != size - length - len(
        MAGIC
    ):
        raise WrongParquet("it holds something else, too")
    yield header
    for group in groups:
        yield from _of_group(file, group)


def _of_group(file: BinaryIO, group: Group) -> Iterator[bytes]:
    if not 0 < group.rows <= ROWS_MAX or _size(group) > GROUP_BYTES_MAX:
        raise WrongParquet("it has a group of more rows than are written")
    chunks = [file.read(size) for size in group.sizes]
    columns = [read_chunk(*one, group.rows) for one in zip(COLUMNS, chunks, strict=True)]
    entries = [_entry(*row) for row in zip(*(columns[at] for at in _PROVEN), strict=True)]
    if _chunks(entries) != chunks:
        raise WrongParquet(f"the facts from position {entries[0].position} on are not as they were")
    yield from map(line, entries)


def _size(group: Group) -> int:
    return sum(group.sizes)


def _entry(position: Any, recorded: Any, version: Any, body: Any, proof: Any) -> Entry:
    hashes = None
    if proof is not None:
        hashes = [proof[at : at + HASH_BYTES] for at in range(0, len(proof), HASH_BYTES)]
    return entry(position, recorded, version, body, hashes)


def _chunks(entries: Sequence[Entry]) -> list[bytes]:
    rows = [_row(one) for one in entries]
    return [chunk(column, [row[at] for row in rows]) for at, column in enumerate(COLUMNS)]


def _row(one: Entry) -> Values:
    body = one.stored
    try:
        copied = _copied.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        copied = _Copied()
    occurred = copied.occurred_at
    proof = None if one.hashes is None else b"".join(map(b64decode, one.hashes))
    return (
        one.position,
        one.recorded_us,
        one.version,
        None if occurred is None else microseconds(occurred),
        *(None if text is None else text.encode() for text in _texts(copied)),
        body,
        proof,
    )


def _texts(copied: _Copied) -> Iterator[str | None]:
    yield from (copied.type, copied.stream, copied.tenant, copied.subject, copied.actor)
