"""Which columns does a row struct have, and how do its values get in and out of them?"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec

from projections.reading import TENANT

_json = msgspec.json.Encoder(decimal_format="string").encode


class Column(NamedTuple):
    """A column: ``decode`` makes the field's value of what the server sends (None: it is that
    already)."""

    name: str
    sql: str
    nullable: bool
    decode: Callable[[Any], Any] | None

    @property
    def selected(self) -> str:
        """The expression that ``decode`` takes."""
        return f'"{self.name}"::text' if self.sql == "jsonb" else f'"{self.name}"'


_SIMPLE: dict[Any, str] = {
    str: "text",
    bool: "boolean",
    int: "bigint",
    datetime: "timestamptz",
    date: "date",
    Decimal: "numeric",
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
        return Column(name, _SIMPLE[kind], nullable, None)
    return Column(name, "jsonb", nullable, msgspec.json.Decoder(hint).decode)


def _columns_of(row: type[msgspec.Struct]) -> tuple[Column, ...]:
    """Return a struct's columns, in the order of its fields."""
    hints = get_type_hints(row)
    return tuple(column(name, hints[name]) for name in row.__struct_fields__)


columns_of: Callable[[type[msgspec.Struct]], tuple[Column, ...]] = cache(_columns_of)
WHOSE = Column(TENANT, "text", nullable=False, decode=None)
"""The column that is before those of the row."""


def sent_types(columns: Sequence[Column]) -> list[str]:
    """Return as what a binary COPY takes the values that ``sent`` gives."""
    return ["bytea" if one.sql == "jsonb" else one.sql for one in columns]


def sent(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Yield rows fit for a binary COPY."""
    return _fit(columns, rows, lambda value: b"\1" + _document(value))  # jsonb's binary form


def arrays(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Return the values of rows by column, jsonb as text."""
    fit = _fit(columns, rows, lambda value: _document(value).decode())
    return [list(values) for values in zip(*fit, strict=True)]


def _fit(
    columns: Sequence[Column], rows: Iterable[Sequence[Any]], document: Callable[[Any], Any]
) -> Iterator[Sequence[Any]]:
    texts = [at for at, one in enumerate(columns) if one.sql == "text"]
    documents = [at for at, one in enumerate(columns) if one.sql == "jsonb"]
    for row in rows:
        values = list(row)
        for at in texts:
            text = values[at]
            if text is not None and "\0" in text:  # PostgreSQL has no such character
                values[at] = text.replace("\0", "\ufffd")
        for at in documents:
            if values[at] is not None:
                values[at] = document(values[at])
        yield values


def _document(value: Any) -> bytes:
    data = _json(value)
    if b"\\u0000" in data:
        data = data.replace(b"\\u0000", b"\\ufffd")
    return data


def _reader(row: type[msgspec.Struct]) -> Callable[[Sequence[Any]], Any]:
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


reader: Callable[[type[msgspec.Struct]], Callable[[Sequence[Any]], Any]] = cache(_reader)
