"""How are readings kept in memory, for tests and for trying folds out?"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from projections.ports import (
    CatchUp,
    Changes,
    Generation,
    Move,
    Parked,
    Place,
    ReadingState,
    StalePosition,
    StoreUnavailable,
)
from projections.reading import Amounts, Key, Reading
from projections.requests import Action, Request


class _Tables:
    def __init__(self, state: ReadingState) -> None:
        self.state = state
        self.places = [
            Place(state.generation, state.version, state.epoch, n, state.partitions, 0, 0, None)
            for n in range(state.partitions)
        ]
        self.taken = 0
        self.documents: dict[str, dict[Key, Any]] = defaultdict(dict)
        self.tallies: dict[str, dict[Key, Amounts]] = defaultdict(dict)
        self.parked: dict[tuple[str, Key, int], Parked] = {}


class MemoryStore:
    """Implements ``projections.ports.PartitionStore`` and ``ReadingRequests``."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._tables: dict[tuple[str, int], _Tables] = {}
        self._last: dict[str, int] = defaultdict(int)
        self._requests: dict[int, tuple[Request, str | None]] = {}

    def lead(self) -> bool:
        """Return True: nobody else can see this store."""
        return True

    def states(self) -> Sequence[ReadingState]:
        """Return every generation of every reading that exists."""
        with self._lock:
            return [self._tables[at].state for at in sorted(self._tables)]

    def create(self, reading: Reading, epoch: str, partitions: int = 1) -> ReadingState:
        """Make room for the next generation."""
        with self._lock:
            self._last[reading.name] += 1
            number = self._last[reading.name]
            live = not any(s.name == reading.name and s.live for s in self.states())
            state = ReadingState(
                reading.name, number, reading.version, 0, live, epoch, None, None, partitions
            )
            self._tables[reading.name, number] = _Tables(state)
            return state

    def load(self, of: Generation, documents: str, keys: Iterable[Key]) -> dict[Key, Any]:
        """Return the documents under these keys."""
        with self._lock:
            kept = self._of(of).documents[documents]
            return {key: kept[key] for key in keys if key in kept}

    def parked(self, of: Generation) -> Sequence[Parked]:
        """Return what is put aside."""
        with self._lock:
            return sorted(self._of(of).parked.values())

    def apply(self, of: Generation, expected_position: int, changes: Changes) -> None:
        """Write one batch and its position."""
        with self._lock:
            tables = self._tables.get((of.reading.name, of.number))
            if tables is None or {p.position for p in tables.places} != {expected_position}:
                raise StalePosition(f"{of.reading.name} is not at {expected_position}")
            tables.places = [
                place._replace(position=changes.position, bookmark=None) for place in tables.places
            ]
            self._write(tables, changes)

    def places(self, name: str) -> Sequence[Place]:
        """Return where the partitions of the live generation stand."""
        with self._lock:
            live = [t for t in self._tables.values() if t.state.live and t.state.name == name]
            return list(live[0].places) if live else []

    def move(self, of: Generation, moves: Sequence[Move], changes: Changes) -> None:
        """Write one batch that moves these partitions."""
        with self._lock:
            tables = self._tables.get((of.reading.name, of.number))
            stands = (place._replace(bookmark=None) for place in tables.places) if tables else ()
            known = set(stands)
            if any(one.place._replace(bookmark=None) not in known for one in moves):
                raise StalePosition(f"{of.reading.name} is no longer where it was")
            if tables is None or not tables.state.live:
                raise StalePosition(f"{of.reading.name} generation {of.number} is not live")
            for one in moves:
                tables.places[one.place.partition] = one.place._replace(
                    position=one.position,
                    revision=one.place.revision + bool(changes.unparked),
                    bookmark=one.bookmark,
                )
            self._write(tables, changes)

    def _write(self, tables: _Tables, changes: Changes) -> None:
        for kind, documents in changes.documents.items():
            tables.documents[kind].update(documents)
        for tally, deltas in changes.deltas.items():
            kept = tables.tallies[tally]
            for key, amounts in deltas.items():
                old = kept.get(key) or (0,) * len(amounts)
                kept[key] = tuple(_sum(a, b) for a, b in zip(old, amounts, strict=True))
        for one in changes.unparked:
            tables.parked.pop((one.documents, one.key, one.position), None)
        for one in changes.parked:
            tables.parked[one.documents, one.key, one.position] = one
        tables.state = tables.state._replace(
            position=min(place.position for place in tables.places),
            moved_at=datetime.now(UTC),
            error=None,
        )

    def alive(self, name: str, partitions: Sequence[int]) -> None:
        """Do nothing: nobody asks after workers in memory."""

    def promote(self, of: Generation, catch_up: CatchUp | None = None) -> None:
        """Make this generation the live one. Nothing holds the other while this one catches up: it
        may be behind again, as with an engine that is slow."""
        ahead = self._ahead(of)
        if ahead is not None and catch_up is not None:
            catch_up(ahead)
        with self._lock:
            if self._ahead(of) is not None:
                raise StoreUnavailable(f"{of.reading.name} is behind the live one")
            for at, tables in self._tables.items():
                if at[0] == of.reading.name:
                    tables.state = tables.state._replace(live=at[1] == of.number)

    def _ahead(self, of: Generation) -> int | None:
        """Return how far the live generation is, where this one of the same epoch is behind."""
        with self._lock:
            mine = self._of(of).state
            live = (mine.name, True, mine.epoch)
            ahead = max(
                (
                    place.position
                    for tables in self._tables.values()
                    if (tables.state.name, tables.state.live, tables.state.epoch) == live
                    for place in tables.places
                ),
                default=0,
            )
            return ahead if ahead > mine.position else None

    def sweep(self, name: str) -> None:
        """Drop the generations older than the live one."""
        with self._lock:
            live = [s.generation for s in self.states() if s.name == name and s.live]
            for state in self.states():
                if state.name == name and live and state.generation < live[0]:
                    self.drop(name, state.generation)

    def drop(self, name: str, number: int) -> None:
        """Drop a generation that is not live."""
        with self._lock:
            tables = self._tables.get((name, number))
            if tables is not None and not tables.state.live:
                del self._tables[name, number]

    def taken(self, of: Generation, position: int) -> None:
        """Note how far a generation being filled has got."""
        self._of(of).taken = position

    def fault(self, of: Generation, error: str | None) -> None:
        """Note what keeps a generation from moving."""
        with self._lock:
            tables = self._of(of)
            tables.state = tables.state._replace(error=error)

    def ask(self, name: str, action: Action) -> Request:
        """Leave a request, unless it is there already."""
        with self._lock:
            for request in self.asked():
                if (request.name, request.action) == (name, action):
                    return request
            request = Request(len(self._requests) + 1, name, action)
            self._requests[request.number] = (request, None)
            return request

    def asked(self) -> Sequence[Request]:
        """Return the open requests."""
        with self._lock:
            return [request for request, result in self._requests.values() if result is None]

    def done(self, request: Request, result: str) -> None:
        """Close a request."""
        with self._lock:
            if self._requests[request.number][1] is None:
                self._requests[request.number] = (request, result)

    def result(self, request: Request) -> str | None:
        """Return what came of a request."""
        with self._lock:
            return self._requests[request.number][1]

    def rows(self, of: Generation, documents: str) -> list[Any]:
        """Return all documents of a kind, by key."""
        with self._lock:
            kept = self._of(of).documents[documents]
            return [kept[key] for key in sorted(kept)]

    def sums(self, of: Generation, tally: str) -> dict[Key, Amounts]:
        """Return all rows of a tally."""
        with self._lock:
            return dict(self._of(of).tallies[tally])

    def _of(self, of: Generation) -> _Tables:
        try:
            return self._tables[of.reading.name, of.number]
        except KeyError:
            raise StalePosition(f"{of.reading.name} has no generation {of.number}") from None


def _sum(one: int | Decimal, other: int | Decimal) -> int | Decimal:
    return one + other
