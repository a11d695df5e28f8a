"""How are the structures in a Parquet file written, and read back?

Thrift's compact protocol, as far as such files need it: what is true, whole numbers that are not
negative, byte strings, lists and structures. (Apache Thrift, doc/specs/thrift-compact-protocol.md)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

TRUE, I32, I64, BINARY, LIST, STRUCT = 1, 5, 6, 8, 9, 12
DEPTH_MAX = 12
"""Lists and structures in one another: what a footer has, and some."""
_STOP = 0
_SHORT_LIST_MAX = 14
_NUMBER_BYTES_MAX = 10


class WrongThrift(ValueError):
    """Not a structure as these files have it. One sentence."""


class Field(NamedTuple):
    """A field of a structure: its number, its type, and its value as it is written."""

    number: int
    kind: int
    written: bytes


def structure(*fields: Field) -> bytes:
    """Return a structure; its fields are given in the order of their numbers, at most 15 apart."""
    parts, last = [], 0
    for number, kind, written in fields:
        parts += [bytes([(number - last) << 4 | kind]), written]
        last = number
    return b"".join([*parts, bytes([_STOP])])


def small(number: int, value: int) -> Field:
    """A number of 32 bits."""
    return Field(number, I32, of_number(value))


def large(number: int, value: int) -> Field:
    """A number of 64 bits."""
    return Field(number, I64, of_number(value))


def true(number: int) -> Field:
    """That it is so."""
    return Field(number, TRUE, b"")


def text(number: int, value: bytes) -> Field:
    """A byte string."""
    return Field(number, BINARY, of_text(value))


def nested(number: int, *fields: Field) -> Field:
    """A structure in the structure."""
    return Field(number, STRUCT, structure(*fields))


def many(number: int, kind: int, values: Iterable[bytes]) -> Field:
    """A list of values of one type, each as it is written."""
    written = [*values]
    count = len(written)
    if count <= _SHORT_LIST_MAX:
        head = bytes([count << 4 | kind])
    else:
        head = bytes([0xF0 | kind]) + of_length(count)
    return Field(number, LIST, head + b"".join(written))


def of_number(value: int) -> bytes:
    """Return a number as it is written where it is no field."""
    return of_length(value << 1)


def of_text(value: bytes) -> bytes:
    """Return a byte string as it is written where it is no field."""
    return of_length(len(value)) + value


def of_length(value: int) -> bytes:
    """Return a number that is never negative, as lengths are written: seven bits in a byte."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class Reading:
    """Reads what was written, from a place on. Every call raises WrongThrift."""

    def __init__(self, source: bytes, at: int = 0) -> None:
        self._source = source
        self.at = at

    def structure(self, depth: int = 0) -> dict[int, Any]:
        """Read a structure: by number of field, numbers, bytes, lists and structures."""
        found: dict[int, Any] = {}
        last = 0
        while (head := self._byte()) != _STOP:
            last += head >> 4
            found[last] = self._value(head & 0x0F, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if depth == DEPTH_MAX:
            raise WrongThrift("its structures lie too deep in one another")
        match kind:
            case 1:  # TRUE
                return True
            case 5 | 6:  # I32, I64
                return self._length() >> 1
            case 8:  # BINARY
                return self._bytes(self._length())
            case 9:  # LIST
                head = self._byte()
                count = head >> 4 if head >> 4 <= _SHORT_LIST_MAX else self._length()
                if count > len(self._source) - self.at:
                    raise WrongThrift("a list is longer than the file")
                return [self._value(head & 0x0F, depth + 1) for _ in range(count)]
            case 12:  # STRUCT
                return self.structure(depth + 1)
            case _:
                raise WrongThrift(f"there is no type {kind} in these files")

    def _length(self) -> int:
        value = 0
        for place in range(_NUMBER_BYTES_MAX):
            byte = self._byte()
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return value
        raise WrongThrift("a number has no end")

    def _byte(self) -> int:
        return self._bytes(1)[0]

    def _bytes(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self._source):
            raise WrongThrift("it ends in the middle")
        found, self.at = self._source[self.at : end], end
        return found
