"""How are facts that were put aside taken in again?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from domain.registry import Registry
from projections.batch import Folding
from projections.decoding import Taken, decode
from projections.partitions import Partition, is_shared, partition_of
from projections.ports import (
    Generation,
    LogReader,
    Move,
    Parked,
    PartitionStore,
    Place,
    StalePosition,
)
from projections.reading import Key, Reading

OVERTAKEN_TIMES_MAX = 50
"""How often a retry begins again because a worker moved the partition meanwhile."""

_Group = list[tuple[Parked, Taken]]


def retry(folding: Folding, parked: Sequence[Parked], log: LogReader, registry: Registry) -> None:
    """Take them in again, key by key and in order."""
    for group in _groups(folding.reading, parked, log, registry):
        folding.retry(group)


def retry_in_partitions(
    store: PartitionStore, reading: Reading, log: LogReader, registry: Registry
) -> str:
    """Do so beside the workers that keep the partitions: from the very place where each stands, or
    not at all. Returns what came of it; raises StalePosition where workers are always quicker."""
    places = store.places(reading.name)
    before = after = 0
    for number in range(len(places)):
        for attempt in range(OVERTAKEN_TIMES_MAX):
            try:
                old, left = _retry_one(store, reading, number, log, registry)
            except StalePosition:
                if attempt == OVERTAKEN_TIMES_MAX - 1:
                    raise
            else:
                before, after = before + old, after + left
                break
    return taken_in(before, after)


def taken_in(before: int, after: int) -> str:
    """Say how many facts are no longer aside."""
    return f"{before - after} of {before} facts put aside were taken in"


def _retry_one(
    store: PartitionStore, reading: Reading, number: int, log: LogReader, registry: Registry
) -> tuple[int, int]:
    place: Place = store.places(reading.name)[number]
    of = Generation(reading, place.generation)
    groups = [
        group
        for group in _groups(reading, store.parked(of), log, registry)
        if _partition(reading, group[0], place.partitions) == number
    ]
    parked = [one for group in groups for one, _ in group]
    folding = Folding(reading, lambda kind, keys: store.load(of, kind, keys), parked)
    for group in groups:
        folding.retry(group)
    if parked:
        changes = folding.changes(place.position)
        store.move(of, [Move(place, place.position, place.bookmark)], changes)
    return len(parked), len(folding.parked)


def _groups(
    reading: Reading, parked: Sequence[Parked], log: LogReader, registry: Registry
) -> Iterator[_Group]:
    """Yield what is parked by key, with the facts as they can be read now."""
    for _, entries in groupby(parked, _kind_and_key):
        rows = [(one, log.page(one.position - 1, 1)) for one in entries]
        group = [
            (one, fact) for one, page in rows for fact in decode(page, registry, reading.facts)
        ]
        if group:
            yield group


def _partition(reading: Reading, entry: tuple[Parked, Taken], partitions: int) -> int:
    """The partition whose worker put this aside."""
    one, fact = entry
    if not fact.stream:
        return 0
    if fact.subject is not None and not is_shared(fact.stream, fact.subject):
        return partition_of(fact.subject, partitions)
    fields = next(kind.key for kind in reading.documents if kind.name == one.documents)
    numbers = (Partition(number, partitions) for number in range(partitions))
    return next(p.number for p in numbers if p.keeps(fields, fact.stream, fact.subject))


def _kind_and_key(one: Parked) -> tuple[str, Key]:
    return one.documents, one.key
