"""How do packs from Kafka become moves of a reading, none lost and none taken twice?

The position of a partition, in the reading's own store, is the authority: what is before it is
skipped, what is missing before a pack is read from the log, and a move counts only from the very
place that it began at. So it does not matter which packs come twice, late, or never.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from domain.registry import Registry
from projections.batch import Folding
from projections.decoding import Taken, decode
from projections.partitions import Partition, is_shared, partition_of
from projections.ports import (
    Bookmark,
    Generation,
    LogReader,
    Move,
    PartitionStore,
    Place,
    RawFact,
    StalePosition,
    StoreUnavailable,
)
from projections.reading import Key, Reading
from streams import packs
from streams.faust.stages import Stages
from streams.packs import Pack

DOCUMENTS_KEPT_MAX = 50_000
"""Documents at hand between batches."""
PAGE_FACTS_MAX = 5_000
"""Facts read from the log at a time where packs are missing."""
OVERTAKEN_TIMES_MAX = 10
"""How often a batch is tried again because somebody else moved the reading meanwhile."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Arrived:
    """A message as it came: from which partition of the topic, and where in it."""

    partition: int
    offset: int
    value: bytes

    @cached_property
    def pack(self) -> Pack:
        """What is in it, unpacked once for all readings. Raises msgspec.MsgspecError."""
        return packs.decode(self.value)


class NotMade(StoreUnavailable):
    """There is no live generation that this code, with so many partitions, can move."""


def nobody(_name: str, _partition: int, _position: int) -> None:
    """Tell nobody that a reading moved."""


class Worker:
    """Keeps those partitions of one reading up whose packs it is given.

    ``facts`` counts those that came in packs, ``healed`` positions that were read from the log,
    ``batches`` how often something was written; ``stages`` says what took how long, ``head`` is
    the end of the log when the last beat looked.
    ``moved(name, partition, position)`` is called after each commit. Used by one thread at a time.
    """

    def __init__(
        self,
        reading: Reading,
        store: PartitionStore,
        log: LogReader,
        registry: Registry,
        topic: str,
        partitions: int,
        moved: Callable[[str, int, int], None] = nobody,
    ) -> None:
        self.reading = reading
        self.assigned: frozenset[int] = frozenset()
        self.healed = 0
        self.facts = 0
        self.batches = 0
        self.head = 0
        self.stages = Stages()
        self._store = store
        self._log = log
        self._registry = registry
        self._topic = topic
        self._partitions = partitions
        self._moved = moved
        self._places: dict[int, Place] = {}
        self._folding: Folding | None = None

    def positions(self) -> dict[int, int]:
        """Return how far its partitions are, as far as it knows."""
        return {n: place.position for n, place in dict(self._places).items() if n in self.assigned}

    def assign(self, numbers: Iterable[int]) -> dict[int, int]:
        """Take over these partitions and no others. Returns the offset to go on from for each that
        has one; where there is none, whatever comes first will do."""
        self.assigned = frozenset(numbers)
        self._forget()
        return {
            place.partition: place.bookmark.offset + 1
            for place in self._store.places(self.reading.name)
            if place.partition in self.assigned
            and place.bookmark is not None
            and place.bookmark.topic == self._topic
        }

    def take(self, arrived: Sequence[Arrived]) -> None:
        """Take messages in, and write what they change in one transaction.

        Raises StoreUnavailable where store or log cannot be asked: then nothing was written, and
        the same messages may be given again. Anything else that is raised is a fault.
        """
        came: dict[int, list[tuple[int, Pack]]] = {}
        with self.stages.on("unpack"):
            for one in arrived:
                came.setdefault(one.partition, []).append((one.offset, one.pack))
        for attempt in range(OVERTAKEN_TIMES_MAX):
            try:
                self._take(came)
            except StalePosition as error:
                _log.info("%s begins a batch again: %s", self.reading.name, error)
                self._forget()
                if attempt == OVERTAKEN_TIMES_MAX - 1:
                    raise
            except BaseException:
                self._forget()
                raise
            else:
                return

    def beat(self) -> None:
        """Say that the partitions have a worker, notice when another generation is live, and look
        how far the log is."""
        self._store.alive(self.reading.name, sorted(self.assigned))
        live = {place.generation for place in self._store.places(self.reading.name)}
        if any(place.generation not in live for place in self._places.values()):
            self._forget()
        self.head = self._log.head()[0]

    def _take(self, came: dict[int, list[tuple[int, Pack]]]) -> None:
        for number in came:
            self._place(number)
        pending: dict[int, Move] = {}
        facts: dict[int, list[RawFact]] = {}
        for number, messages in came.items():
            place = self._places[number]
            position, bookmark = place.position, place.bookmark
            for offset, pack in messages:
                if pack.epoch == place.epoch and pack.after > position:
                    if position > place.position:
                        pending[number] = Move(place, position, bookmark)
                    self._write(facts, pending)  # the log is read page by page, each its own move
                    self._heal(number, pack.after)
                    pending, facts, place = {}, {}, self._places[number]
                    position = place.position
                bookmark = Bookmark(self._topic, offset)
                if pack.epoch != place.epoch or pack.through <= position:
                    continue
                facts.setdefault(number, []).extend(
                    RawFact(one.position, one.recorded_at, one.version, one.body)
                    for one in pack.facts
                    if one.position > position
                )
                position = pack.through
            if position > place.position:
                pending[number] = Move(place, position, bookmark)
        self._write(facts, pending)

    def _heal(self, number: int, through: int) -> None:
        """Take in from the log what no pack brought."""
        place = self._places[number]
        _log.warning(
            "%s, partition %d: positions %d to %d are read from the log",
            self.reading.name,
            number,
            place.position + 1,
            through,
        )
        while place.position < through:
            rows = self._log.page(place.position, min(PAGE_FACTS_MAX, through - place.position))
            if not rows:
                raise StoreUnavailable(f"the log ends before position {through}")
            mine = [fact for fact in self._decode(rows) if self._concerns(fact, number)]
            self._working().take(mine, Partition(number, self._partitions))
            self._move({number: Move(place, rows[-1].position, place.bookmark)})
            place = self._places[number]
            self.healed += len(rows)

    def _concerns(self, fact: Taken, partition: int) -> bool:
        if not fact.stream or is_shared(fact.stream, fact.subject) or fact.subject is None:
            return True
        return partition_of(fact.subject, self._partitions) == partition

    def _write(self, facts: Mapping[int, Sequence[RawFact]], moves: Mapping[int, Move]) -> None:
        """Take in what came to these partitions, and move them on."""
        if moves:
            self._fold(facts)
            self._move(moves)

    def _fold(self, facts: Mapping[int, Sequence[RawFact]]) -> None:
        self.facts += sum(map(len, facts.values()))
        with self.stages.on("decode"):
            pages = [
                (Partition(number, self._partitions), self._decode(own))
                for number, own in facts.items()
            ]
        with self.stages.on("fold"):
            self._working().take_all(pages)

    def _decode(self, rows: Sequence[RawFact]) -> Sequence[Taken]:
        return decode(rows, self._registry, self.reading.facts)

    def _move(self, moves: Mapping[int, Move]) -> None:
        folding = self._working()
        through = max(move.position for move in moves.values())
        of = Generation(self.reading, self._places[next(iter(moves))].generation)
        with self.stages.on("fold"):
            changes = folding.changes(through)
        with self.stages.on("write"):
            self._store.move(of, list(moves.values()), changes)
        self.batches += 1
        folding.written(DOCUMENTS_KEPT_MAX)
        for number, move in moves.items():
            self._places[number] = move.place._replace(
                position=move.position, bookmark=move.bookmark
            )
            self._moved(self.reading.name, number, move.position)

    def _place(self, number: int) -> Place:
        if number not in self._places:
            places = self._store.places(self.reading.name)
            if not places or (places[0].version, len(places)) != (
                self.reading.version,
                self._partitions,
            ):
                raise NotMade(
                    f"{self.reading.name} has no live generation of version"
                    f" {self.reading.version} in {self._partitions} partitions"
                )
            self._forget()
            self._places = {place.partition: place for place in places}
        return self._places[number]

    def _working(self) -> Folding:
        if self._folding is None:
            place = next(iter(self._places.values()))
            of = Generation(self.reading, place.generation)

            def load(kind: str, keys: Iterable[Key]) -> dict[Key, Any]:
                with self.stages.on("load"):
                    return self._store.load(of, kind, keys)

            self._folding = Folding(self.reading, load, self._store.parked(of))
        return self._folding

    def _forget(self) -> None:
        self._places, self._folding = {}, None
