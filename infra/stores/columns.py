"""Which columns does a row struct have, and how do its values become binary COPY and back?"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from struct import Struct as Packed
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec
from psycopg.types.numeric import DecimalBinaryDumper

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(2000, 1, 1).toordinal()

_length = Packed(">i").pack
_big = Packed(">iq").pack
_small = Packed(">ii").pack
_count = Packed(">h").pack
_numeric = DecimalBinaryDumper(Decimal)
_json = msgspec.json.Encoder(decimal_format="string").encode

Encode = Callable[[Any], bytes]


class Column(NamedTuple):
    """A column: ``encode`` gives the value with its length, as binary COPY has it; ``decode`` makes
    the field's value of what the server sends (None: it is that already)."""

    name: str
    sql: str
    nullable: bool
    encode: Encode
    decode: Callable[[Any], Any] | None

    @property
    def selected(self) -> str:
        """The expression that ``decode`` takes."""
        return f'"{self.name}"::text' if self.sql == "jsonb" else f'"{self.name}"'


class _Texts(dict[str, bytes]):
    """Texts as encoded in one COPY, where the same ones come again and again."""

    def __missing__(self, value: str) -> bytes:
        data = self[value] = _text(value)
        return data


def _text(value: str) -> bytes:
    data = value.encode()
    if b"\0" in data:  # PostgreSQL has no such character
        data = data.replace(b"\0", b"\xef\xbf\xbd")
    return _length(len(data)) + data


def _integer(value: int) -> bytes:
    return _big(8, value)


def _boolean(value: bool) -> bytes:
    return b"\0\0\0\1\1" if value else b"\0\0\0\1\0"


def _moment(value: datetime) -> bytes:
    passed = value - _EPOCH
    return _big(8, (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds)


def _day(value: date) -> bytes:
    return _small(4, value.toordinal() - _EPOCH_DAY)


@lru_cache(maxsize=16_384)
def _decimal(value: Decimal) -> bytes:
    data = bytes(_numeric.dump(value) or b"")
    return _length(len(data)) + data


def _document(value: Any) -> bytes:
    data = _json(value)
    if b"\\u0000" in data:
        data = data.replace(b"\\u0000", b"\\ufffd")
    return _length(len(data) + 1) + b"\1" + data


_SIMPLE: dict[Any, tuple[str, Encode]] = {
    str: ("text", _text),
    bool: ("boolean", _boolean),
    int: ("bigint", _integer),
    datetime: ("timestamptz", _moment),
    date: ("date", _day),
    Decimal: ("numeric", _decimal),
}


def column(name: str, hint: Any) -> Column:
    """Return the column for an annotation; what is not simple is kept as jsonb."""
    members = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    nullable = type(None) in members
    kinds = [member for member in members if member is not type(None)]
    kind = kinds[0] if len(kinds) == 1 else None
    if get_origin(kind) is Literal:
        kind = str
    if kind in _SIMPLE:
        sql, encode = _SIMPLE[kind]
        return Column(name, sql, nullable, encode, None)
    return Column(name, "jsonb", nullable, _document, msgspec.json.Decoder(hint).decode)


def columns_of(row: type[msgspec.Struct]) -> tuple[Column, ...]:
    """Return a struct's columns, in the order of its fields."""
    hints = get_type_hints(row)
    return tuple(column(name, hints[name]) for name in row.__struct_fields__)


def copied(columns: Sequence[Column], rows: Iterable[Iterable[Any]]) -> bytes:
    """Return rows as one binary COPY."""
    text = _Texts().__getitem__
    encoders = [text if one.encode is _text else one.encode for one in columns]
    begin = _count(len(encoders))
    parts = [HEADER]
    for row in rows:
        parts.append(begin)
        parts += [
            _NULL if value is None else encode(value)
            for encode, value in zip(encoders, row, strict=True)
        ]
    parts.append(TRAILER)
    return b"".join(parts)


def reader(row: type[msgspec.Struct]) -> Callable[[Sequence[Any]], Any]:
    """Return what makes a row struct of selected values."""
    columns = columns_of(row)
    mended = [(i, one.decode) for i, one in enumerate(columns) if one.decode is not None]

    def read(values: Sequence[Any]) -> Any:
        if not mended:
            return row(*values)
        fields = list(values)
        for i, decode in mended:
            if fields[i] is not None:
                fields[i] = decode(fields[i])
        return row(*fields)

    return read
