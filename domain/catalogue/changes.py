"""What differs between two versions of a run's content?"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from domain.catalogue.facts import Item, Module, Objective


class Change(NamedTuple):
    """One difference. ``part`` is item, module, objective or content; ``what`` is added, removed,
    moved (it stands elsewhere among the items that are in both) or changed, and then ``field`` is
    what had the value ``before`` and has ``after``."""

    part: str
    id: str
    what: str
    field: str | None = None
    before: Any = None
    after: Any = None


class Version(NamedTuple):
    """What is compared: the whole of a run's content."""

    items: tuple[Item, ...]
    modules: tuple[Module, ...] = ()
    objectives: tuple[Objective, ...] = ()
    relocks: bool = False


def changes(before: Version, after: Version) -> list[Change]:
    """Return how one version becomes the other: what was removed and added, by the order of the
    version that holds it, then what was changed or moved. The same: nothing."""
    return [
        *_parts("item", _by_id(before.items), _by_id(after.items)),
        *_parts("module", _by_id(before.modules), _by_id(after.modules)),
        *_parts("objective", _by_id(before.objectives), _by_id(after.objectives)),
        *(
            [Change("content", "", "changed", "relocks", before.relocks, after.relocks)]
            if before.relocks != after.relocks
            else []
        ),
    ]


def _moved(places: Mapping[str, int], order: Sequence[str]) -> list[str]:
    """Return as few names as explain another order: those outside its longest rising run."""
    ends: list[int] = []
    lengths = []
    for name in order:
        length = bisect_left(ends, places[name])
        ends[length : length + 1] = [places[name]]
        lengths.append(length)
    kept, wanted = set(), len(ends) - 1
    for name, length in zip(reversed(order), reversed(lengths), strict=True):
        if length == wanted:
            kept.add(name)
            wanted -= 1
    return [name for name in order if name not in kept]


def _by_id(parts: Iterable[msgspec.Struct]) -> dict[str, msgspec.Struct]:
    return {getattr(part, part.__struct_fields__[0]): part for part in parts}


def _parts(
    part: str, before: Mapping[str, msgspec.Struct], after: Mapping[str, msgspec.Struct]
) -> Iterator[Change]:
    for name in before:
        if name not in after:
            yield Change(part, name, "removed")
    for name in after:
        if name not in before:
            yield Change(part, name, "added")
    order = [name for name in after if name in before]
    for name in _moved({name: at for at, name in enumerate(before)}, order):
        yield Change(part, name, "moved")
    for name in order:
        old, new = before[name], after[name]
        for field in new.__struct_fields__:
            was, now = getattr(old, field), getattr(new, field)
            if was != now:
                yield Change(part, name, "changed", field, was, now)
