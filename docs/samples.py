"""What does a fact of a class look like that holds something in every field?"""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from domain.kernel import Fact, Personal

AT = datetime(2013, 10, 20, 12, 0, 0, 123_456, tzinfo=UTC)
BARE = 0
"""The arm of a fact that holds nothing but what must be there."""
ARMS_MAX = 8
"""So many kinds of thing one field may hold at most."""
NUMBERS = frozenset(
    {"raw", "possible", "deducted", "weight", "threshold", "time_factor", "old", "new"}
)
NUMBERS |= {"old_possible", "rate", "floor", "missing", "score", "exact", "percent"}
"""The text fields that hold exact decimals."""


def samples(cls: type[Fact]) -> Iterator[Fact]:
    """Yield facts of a class that between them hold every kind of thing in every field."""
    seen: set[str] = set()
    for arm in range(1, ARMS_MAX + 1):
        fact = _struct(cls, arm)
        told = json.dumps(meaning(fact), sort_keys=True)
        if told not in seen:
            seen.add(told)
            yield fact


def bare(cls: type[Fact]) -> Fact:
    """Return a fact that holds nothing but what must be there."""
    fact: Fact = _struct(cls, BARE)
    return fact


def meaning(value: Any) -> Any:
    """Return a value with every field spelt out, also those that are left out of the bytes."""
    if isinstance(value, Fact | msgspec.Struct):
        fields = {name: meaning(getattr(value, name)) for name in value.__struct_fields__}
        tag = type(value).__struct_config__.tag
        return fields if tag is None else {"~": tag, **fields}
    if isinstance(value, tuple | list):
        return [meaning(one) for one in value]
    if isinstance(value, dict):
        return {str(key): meaning(one) for key, one in value.items()}
    return msgspec.to_builtins(value)


def _struct(cls: type[Any], arm: int) -> Any:
    hints = get_type_hints(cls)
    return cls(
        **{
            field.name: _something(hints[field.name], field.name, field.default, arm)
            for field in msgspec.structs.fields(cls)
            if arm != BARE or field.required
        }
    )


def _something(hint: Any, name: str, default: Any, arm: int) -> Any:
    """Return something that the field may hold, other than its default where that can be."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Personal:
        return Personal(sealed="c2VhbGVk")
    if origin in (Union, types.UnionType):
        kinds = [one for one in inner if one is not type(None)]
        return _something(kinds[arm % len(kinds)], name, default, arm)
    if origin is Literal:
        others = [one for one in inner if one != default] or list(inner)
        return others[arm % len(others)]
    if origin in (tuple, list, frozenset):
        return origin((_something(inner[0], name, None, arm),))
    if origin in (dict, Mapping) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return {_something(inner[0], "key", None, arm): _something(inner[1], name, None, arm)}
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _struct(hint, arm)
    plain = {
        str: "12.5" if name in NUMBERS else f"{name}-{arm}",
        int: 7,
        bool: default is not True,
        datetime: AT,
        date: AT.date(),
    }
    if hint not in plain:
        raise TypeError(f"no sample is known for {name}: {hint}")
    return plain[hint]
