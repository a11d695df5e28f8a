"""Which bodies break exactly one rule of a command's schema?"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

Path = tuple[str | int, ...]

ITEMS_TRIED_MAX = 100_000
"""A list longer than this would break the limit on the body's size first."""


class Wrong(NamedTuple):
    """A body, the field that is wrong in it, and what is wrong."""

    body: Any
    field: str
    why: str


def bodies(schema: dict[str, Any], schemas: dict[str, Any], example: Any) -> Iterator[Wrong]:
    """Yield the example with one field wrong at a time, for every limit that the schema states."""
    for path, value, why in _breaks(_resolved(schema, schemas), schemas, example, ()):
        yield Wrong(_with(example, path, value), ".".join(map(str, path)) or "body", why)


class _Removed:
    """Stands for a field that is left out."""


def _with(example: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    body = copy.deepcopy(example)
    place = body
    for step, after in pairwise(path):
        if isinstance(place, list):
            if not place:
                place.append({})
        elif place.get(step) is None:
            place[step] = [{}] if isinstance(after, int) else {}
        place = place[step]
    if value is _Removed:
        del place[path[-1]]
    elif isinstance(place, list):
        place[:] = [value]
    else:
        place[path[-1]] = value
    return body


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return schema


def _choices(schema: dict[str, Any], schemas: dict[str, Any], example: Any) -> list[dict[str, Any]]:
    """Return what a value may be; where its kind decides, what the example is."""
    schema = _resolved(schema, schemas)
    if "oneOf" in schema:
        kinds = [_resolved(one, schemas) for one in schema["oneOf"]]
        return [one for one in kinds if one["properties"]["kind"]["const"] == example["kind"]]
    if "anyOf" not in schema:
        return [schema]
    return [one for choice in schema["anyOf"] for one in _choices(choice, schemas, example)]


def _breaks(
    schema: dict[str, Any], schemas: dict[str, Any], example: Any, path: Path
) -> Iterator[tuple[Path, Any, str]]:
    choices = _choices(schema, schemas, example)
    types = {"string" if "const" in one else one["type"] for one in choices}
    for other in (None, True, 5, 1.5, "\x00", [], {}, 10**40):
        if not types & _types(other):
            yield path, other, f"{type(other).__name__} for {' or '.join(sorted(types))}"
    for one in choices:
        match one.get("type"):
            case "object":
                yield from _of_object(one, schemas, example, path)
            case "array":
                yield from _of_array(one, schemas, example, path)
            case "integer" | "number":
                yield from ((path, value, why) for value, why in _of_number(one))
                if "string" in types:
                    yield from ((path, text, f"the number {text}") for text in _NO_NUMBERS)
            case "string" if len(types - {"null"}) == 1:
                yield from ((path, value, why) for value, why in _of_text(one))


_NO_NUMBERS = ("", "x", "NaN", "-Infinity", "1_0", " 1", "٣", "1e999", "-1", "0." + "1" * 30)


def _types(value: Any) -> set[str]:
    match value:
        case None:
            return {"null"}
        case bool():
            return {"boolean"}
        case int():
            return {"integer", "number"}
        case float():
            return {"number"}
        case str():
            return {"string"}
        case list():
            return {"array"}
    return {"object"}


def _of_object(
    schema: dict[str, Any], schemas: dict[str, Any], example: Any, path: Path
) -> Iterator[tuple[Path, Any, str]]:
    held = example if isinstance(example, dict) else {}
    if schema.get("additionalProperties") is False:
        yield (*path, "unknown_field"), 1, "unknown field"
    for name in schema.get("required", ()):
        if name in held:
            yield (*path, name), _Removed, "left out"
    for name, field in schema["properties"].items():
        field = _resolved(field, schemas)
        yield from _breaks(field, schemas, held.get(name), (*path, name))


def _of_array(
    schema: dict[str, Any], schemas: dict[str, Any], example: Any, path: Path
) -> Iterator[tuple[Path, Any, str]]:
    one = example[0] if isinstance(example, list) and example else "a"
    if schema.get("minItems", 0) > 0:
        yield path, [one] * (schema["minItems"] - 1), "too few"
    if schema.get("maxItems", ITEMS_TRIED_MAX) < ITEMS_TRIED_MAX:
        yield path, [one] * (schema["maxItems"] + 1), "too many"
    yield from _breaks(_resolved(schema["items"], schemas), schemas, one, (*path, 0))


def _of_number(schema: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    if "minimum" in schema:
        yield schema["minimum"] - 1, "below the minimum"
    if "exclusiveMinimum" in schema:
        yield schema["exclusiveMinimum"], "at the exclusive minimum"
    if "maximum" in schema:
        yield schema["maximum"] + 1, "above the maximum"
    yield 10**400, "beyond every number"


def _of_text(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if schema.get("format") == "date-time":
        for text in _NO_TIMES:
            yield text, f"the time {text}"
        return
    if "enum" in schema or "const" in schema:
        yield "nothing-known", "not of the set"
        return
    if schema.get("minLength", 0) > 0:
        yield "a" * (schema["minLength"] - 1), "too short"
    if "maxLength" in schema:
        yield "a" * (schema["maxLength"] + 1), "too long"
    for text in (" ", "a\x00", "a\x1b[2J", "/../", "-", "a\nb"):
        if "pattern" in schema and not re.search(schema["pattern"].replace("$", r"\Z"), text):
            yield text, f"the text {text!r}"


_NO_TIMES = (
    "",
    "yesterday",
    "2013-10-01",
    "2013-10-01T08:00:00",
    "2013-02-30T08:00:00Z",
    "1800-01-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "2013-10-01T08:00:00+99:99",
    "1380614400",
)
