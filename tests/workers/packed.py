"""A log in memory, sent in packs, as a relay would send it, for tests of workers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.streams import REGISTRY
from infra.stores.memory import MemoryStore
from projections.decoding import Broken, decode
from projections.partitions import is_shared, partition_of
from projections.ports import Generation, RawFact
from projections.reading import Reading
from streams import packs
from streams.faust.worker import Arrived, Worker
from tests.readings.recorded import Recorded

TOPIC = "test.packs"
ALL = frozenset(REGISTRY.types)


def concerns(row: RawFact, partition: int, partitions: int) -> tuple[bool, bool]:
    """Whether a row goes to a partition, and whether to all; one that cannot be read goes to all.

    Decides by itself, from the words of the design: by the subject, unless the stream belongs to a
    course or run.
    """
    (fact,) = decode([row], REGISTRY, ALL) or [Broken(row.position, "", "", None, "")]
    if not fact.stream or is_shared(fact.stream, fact.subject):
        return True, True
    assert fact.subject is not None
    return partition_of(fact.subject, partitions) == partition, False


def pack(log: Recorded, partition: int, partitions: int, after: int, through: int) -> packs.Pack:
    """Return the pack of a stretch of the log."""
    facts = []
    for row in log.rows[after:through]:
        mine, shared = concerns(row, partition, partitions)
        if mine:
            facts.append(packs.Packed(row.position, row.recorded_at, row.version, shared, row.body))
    return packs.Pack(log.name, after, through, facts)


def arrived(log: Recorded, partition: int, partitions: int, cuts: Iterable[int]) -> list[Arrived]:
    """Return a partition's whole history, cut into packs at these positions."""
    ends = sorted({*cuts, len(log.rows)} - {0})
    begins = [0, *ends][: len(ends)]
    return [
        Arrived(partition, offset, packs.encode(pack(log, partition, partitions, after, through)))
        for offset, (after, through) in enumerate(zip(begins, ends, strict=True))
        if through <= len(log.rows)
    ]


def made(reading: Reading, partitions: int, epoch: str = "first") -> MemoryStore:
    """Return a store with an empty live generation."""
    store = MemoryStore()
    store.create(reading, epoch, partitions)
    return store


def worker(reading: Reading, store: MemoryStore, log: Recorded, partitions: int) -> Worker:
    """Return a worker that has all partitions."""
    one = Worker(reading, store, log, REGISTRY, TOPIC, partitions)
    one.assign(range(partitions))
    return one


def contents(store: MemoryStore, reading: Reading, number: int = 1) -> dict[str, object]:
    """Return every document and every sum of a generation that is not zero."""
    of = Generation(reading, number)
    documents: dict[str, object] = {
        kind.name: store.rows(of, kind.name) for kind in reading.documents
    }
    for tally in reading.tallies:
        sums = store.sums(of, tally.name)
        documents[tally.name] = {key: row for key, row in sums.items() if any(row)}
    return documents


def positions(store: MemoryStore, reading: Reading) -> Sequence[int]:
    """Return how far each partition is."""
    return [place.position for place in store.places(reading.name)]
