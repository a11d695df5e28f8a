"""Is a change that consumers would not survive refused, and one that they would let pass?"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import msgspec
import pytest

from docs.compatibility import broken
from domain.kernel import Fact, StreamKind
from domain.registry import Registry
from domain.streams import REGISTRY
from projections.schemas import released, schemas

KIND = "registrar.Moved.v1"


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somewhere."""

    name: str
    floor: int = 0


def of(**fields: Any) -> dict[str, dict[str, Any]]:
    """Return the schemas of a fact with these fields: a type, or a type and a default."""
    entries = [
        (name, *given) if isinstance(given, tuple) else (name, given)
        for name, given in fields.items()
    ]
    cls = msgspec.defstruct("Moved", entries, bases=(Fact,), frozen=True, kw_only=True)
    return dict(schemas(Registry((StreamKind("move", None, lambda *_: None, (cls,)),))))


BEFORE = of(who=str, far=int, place=Place, why=(str | None, None), how=(list[str], []))


def changed(**changes: Any) -> dict[str, dict[str, Any]]:
    """Return the schemas with some properties written differently; None: without them."""
    found = deepcopy(BEFORE)
    for name, schema in changes.items():
        if schema is None:
            del found[KIND]["properties"][name]
            found[KIND]["required"] = [one for one in found[KIND]["required"] if one != name]
        else:
            found[KIND]["properties"][name] = schema
    return found


def with_place(**fields: Any) -> dict[str, dict[str, Any]]:
    """Return the schemas with another Place."""
    other = msgspec.defstruct("Place", list(fields.items()))
    return of(who=str, far=int, place=other, why=(str | None, None), how=(list[str], []))


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (changed(far=None), ".far is gone"),
        (changed(why=None), ".why is gone"),
        (changed(far=None) | {}, ".far is gone"),
        (of(who=str, distance=int, place=Place, why=(str | None, None), how=(list[str], [])),
         ".far is gone"),
        (changed(far={"type": "string"}), ".far has another type: integer, now string"),
        (changed(far={"anyOf": [{"type": "integer"}, {"type": "null"}]}), ".far has another type"),
        (changed(why={"type": "string", "default": None}), ".why has another type"),
        (changed(how={"type": "array", "items": {"type": "integer"}, "default": []}),
         ".how[] has another type"),
        (of(who=str, far=int, place=Place, new=int, why=(str | None, None), how=(list[str], [])),
         ".new is required now"),
        (of(who=str, far=(int, 0), place=Place, why=(str | None, None), how=(list[str], [])),
         ".far is not required any more"),
        (changed(why={"anyOf": [{"type": "string"}, {"type": "null"}], "default": "x"}),
         ".why means something else"),
        (changed(far={"type": "integer", "minimum": 1}), ".far may be less: minimum"),
        (changed(far={"type": "integer", "maximum": 9}), ".far may be less: maximum"),
        (changed(who={"type": "string", "maxLength": 9}), ".who may be less: maxLength"),
        (changed(who={"type": "string", "pattern": "^a"}), ".who has another pattern"),
        (changed(who={"type": "string", "enum": ["a"]}), ".who may be less"),
        (with_place(floor=int), ".place.name is gone"),
        ({}, "is not told any more"),
        ({"registrar.Removed.v1": BEFORE[KIND]}, "is not told any more"),
        ({"registrar.Moved.v0": BEFORE[KIND]}, "is not told any more"),
    ],
)  # fmt: skip
def test_what_breaks_consumers_is_refused(after: dict[str, Any], said: str) -> None:
    """Removed, renamed, of another type, newly required, narrowed, or not told at all."""
    found = broken(BEFORE, after)
    assert any(said in one for one in found), found


@pytest.mark.parametrize("values", [["a"], ["b", "c"]])
def test_an_enumeration_may_grow_and_not_shrink(values: list[str]) -> None:
    """Consumers must expect values that they do not know, and may rely on those they do."""
    before = changed(who={"enum": ["a", "b"]})
    assert broken(before, changed(who={"enum": values}))
    assert not broken(before, changed(who={"enum": ["a", "b", "c"]}))
    assert broken(before, changed(who={"type": "string"}))


@pytest.mark.parametrize(
    "after",
    [
        BEFORE,
        of(who=str, far=int, place=Place, why=(str | None, None), how=(list[str], []),
           new=(int, 0)),
        BEFORE | {"registrar.New.v1": BEFORE[KIND]},
        {"registrar.Moved.v2": of(entirely=int)[KIND]},
        changed(far={"type": "integer", "description": "In metres."}),
    ],
)  # fmt: skip
def test_what_consumers_survive_is_let_pass(after: dict[str, Any]) -> None:
    """A field with a default, a new type, a raised schema, other words."""
    assert broken(BEFORE, after) == []


def test_a_union_of_objects_may_grow() -> None:
    """Like an enumeration; null may not come in."""
    one, two = ({"type": "object", "title": title} for title in ("One", "Two"))
    before = changed(place=one)
    assert not broken(before, changed(place={"anyOf": [one, two]}))
    assert broken(changed(place={"anyOf": [one, two]}), before)
    assert broken(before, changed(place={"anyOf": [one, {"type": "null"}]}))


def test_the_events_of_the_code_keep_what_was_promised() -> None:
    """What ``make check`` looks at, with the names that every release had."""
    assert broken(released(), schemas(REGISTRY)) == []
    assert len(released()) >= 26
