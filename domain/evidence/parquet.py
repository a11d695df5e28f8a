"""How do rows lie in a Parquet file, so that the same rows are always the same bytes?

Groups of rows; in each a chunk a column, of one page: plain, not compressed, without statistics.
Whoever writes anew what was read therefore sees whether a byte was changed. (Apache Parquet, format
2.11: parquet.thrift, Encodings.md)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import index
from struct import Struct, error, pack, unpack_from
from typing import Any, NamedTuple

from domain.evidence import thrift
from domain.evidence.thrift import (
    Field,
    Reading,
    WrongThrift,
    large,
    many,
    nested,
    of_number,
    of_text,
    small,
    structure,
    text,
    true,
)

MAGIC = b"PAR1"
INT64, BYTE_ARRAY = 2, 6
"""What values are: whole numbers of 64 bits, or bytes."""
UTF8, MICROSECONDS = 0, 10
"""What they mean: text, or a time from 1970-01-01T00:00:00Z on."""
_FORMAT = 1
_REQUIRED, _OPTIONAL = 0, 1
_PLAIN, _RLE = 0, 3
_NOT_COMPRESSED = 0
_DATA_PAGE = 0
_BITS = 8
_LENGTH = Struct("<I")
END_BYTES = _LENGTH.size + len(MAGIC)
"""What stands behind the footer: how long it is."""

Values = Sequence[int | bytes | None]


class Column(NamedTuple):
    """A column: its values may be missing where it is ``optional``."""

    name: str
    kind: int
    meaning: int | None = None
    optional: bool = False


class Group(NamedTuple):
    """So many rows, whose chunks have these sizes in bytes, from a place in the file on."""

    rows: int
    at: int
    sizes: Sequence[int]


class WrongParquet(ValueError):
    """Not a file as these functions write it. One sentence."""


def chunk(column: Column, values: Values) -> bytes:
    """Return the values of a column in a group of rows."""
    there = [value for value in values if value is not None]
    body = _numbers(there) if column.kind == INT64 else _texts(there)
    if column.optional:
        body = _levels([value is not None for value in values]) + body
    size = len(body)
    page = nested(5, small(1, len(values)), small(2, _PLAIN), small(3, _RLE), small(4, _RLE))
    return structure(small(1, _DATA_PAGE), small(2, size), small(3, size), page) + body


def read_chunk(column: Column, written: bytes, rows: int) -> Values:
    """Return the values that stand in a chunk. Raises WrongParquet."""
    try:
        page = Reading(written)
        page.structure()
        at, there = page.at, [True] * rows
        if column.optional:
            (size,) = _LENGTH.unpack_from(written, at)
            there = _read_levels(written[at : at + _LENGTH.size + size], rows)
            at += _LENGTH.size + size
        count = sum(there)
        found: Iterator[Any] = iter(
            unpack_from(f"<{count}q", written, at)
            if column.kind == INT64
            else _read_texts(written, at, count)
        )
        return [next(found) if one else None for one in there]
    except (WrongThrift, error, IndexError) as wrong:
        raise WrongParquet(f"the column {column.name} cannot be read") from wrong


def footer(columns: Sequence[Column], groups: Sequence[Group], notes: dict[str, bytes]) -> bytes:
    """Return the end of a file: what is where, and ``notes``, which are texts by name."""
    root = structure(text(4, b"facts"), small(5, len(columns)))
    about = [structure(text(1, name.encode()), text(2, value)) for name, value in notes.items()]
    written = structure(
        small(1, _FORMAT),
        many(2, thrift.STRUCT, [root, *map(_described, columns)]),
        large(3, sum(group.rows for group in groups)),
        many(4, thrift.STRUCT, [_group(columns, group) for group in groups]),
        many(5, thrift.STRUCT, about),
        text(6, b"registrar"),
    )
    return written + _LENGTH.pack(len(written)) + MAGIC


def footer_bytes(end: bytes) -> int:
    """Return how long a footer is, by the last END_BYTES of the file. Raises WrongParquet."""
    if len(end) != END_BYTES or not end.endswith(MAGIC):
        raise WrongParquet("it does not end as a Parquet file does")
    return int(_LENGTH.unpack_from(end)[0])


def read_footer(written: bytes) -> tuple[list[Group], dict[str, bytes]]:
    """Return the groups of rows, and the notes. Raises WrongParquet."""
    try:
        told = Reading(written).structure()
        notes = {note[1].decode(): bytes(note[2]) for note in told[5]}
        groups = []
        for one in told[4]:
            chunks = [described[3] for described in one[1]]
            sizes = [index(each[7]) for each in chunks]
            groups.append(Group(index(one[3]), index(chunks[0][9]), sizes))
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as wrong:
        raise WrongParquet("its footer cannot be read") from wrong
    return groups, notes


def _described(column: Column) -> bytes:
    fields = [
        small(1, column.kind),
        small(3, _OPTIONAL if column.optional else _REQUIRED),
        text(4, column.name.encode()),
    ]
    if column.meaning is not None:
        fields.append(small(6, column.meaning))
    if column.meaning == MICROSECONDS:
        fields.append(nested(10, nested(8, true(1), nested(2, nested(2)))))  # ... of UTC
    return structure(*fields)


def _group(columns: Sequence[Column], group: Group) -> bytes:
    chunks, at = [], group.at
    for column, size in zip(columns, group.sizes, strict=True):
        chunks.append(structure(large(2, at), nested(3, *_chunk(column, group.rows, at, size))))
        at += size
    size = at - group.at
    return structure(many(1, thrift.STRUCT, chunks), large(2, size), large(3, group.rows))


def _chunk(column: Column, rows: int, at: int, size: int) -> tuple[Field, ...]:
    return (
        small(1, column.kind),
        many(2, thrift.I32, [of_number(_PLAIN), of_number(_RLE)]),
        many(3, thrift.BINARY, [of_text(column.name.encode())]),
        small(4, _NOT_COMPRESSED),
        large(5, rows),
        large(6, size),
        large(7, size),
        large(9, at),
    )


def _numbers(values: Sequence[Any]) -> bytes:
    return pack(f"<{len(values)}q", *values)


def _texts(values: Sequence[Any]) -> bytes:
    return b"".join(part for value in values for part in (_LENGTH.pack(len(value)), value))


def _read_texts(written: bytes, at: int, count: int) -> Iterator[bytes]:
    for _ in range(count):
        (size,) = _LENGTH.unpack_from(written, at)
        at += _LENGTH.size
        yield written[at : at + size]
        at += size


def _levels(there: Sequence[bool]) -> bytes:
    """Which values there are: a run of bits, eight in a byte, the first one lowest."""
    count = -(-len(there) // _BITS)
    bits = sum(1 << place for place, one in enumerate(there) if one)
    run = thrift.of_length(count << 1 | 1) + bits.to_bytes(count, "little")
    return _LENGTH.pack(len(run)) + run


def _read_levels(written: bytes, rows: int) -> list[bool]:
    count = -(-rows // _BITS)
    bits = int.from_bytes(written[-count:], "little")
    return [bool(bits >> place & 1) for place in range(rows)]
