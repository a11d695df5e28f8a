"""What do pages of facts do to one reading?

The same code serves the in-process runner, a rebuild, and workers on Kafka: load what the facts
concern, fold, and hand the store the changes together with the position.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, localcontext
from typing import Any

from domain.kernel import Envelope
from projections.decoding import UNREADABLE, Broken, Taken
from projections.partitions import Partition, is_shared
from projections.ports import WHOLE_STREAM, Changes, Parked
from projections.reading import Amounts, Documents, Key, Reading, Tally

PARKED_FACTS_MAX = 10_000
"""Facts put aside per reading. Beyond that the code is at fault, and the reading stands still."""

ERROR_CHARACTERS_MAX = 500

EXACT_DIGITS_MAX = 100
"""Digits of an exact sum; a longer one raises instead of being rounded."""

_exact = Context(prec=EXACT_DIGITS_MAX, traps=[Inexact, InvalidOperation, Overflow])

Load = Callable[[str, Iterable[Key]], dict[Key, Any]]


class TooManyParked(Exception):
    """So many facts were put aside that the reading itself must be wrong."""


class Folding:
    """One reading while facts go in: its documents at hand, and what is not written yet.

    ``load`` gets documents by kind and keys. ``complete`` promises that what is not at hand does
    not exist (a rebuild from nothing), so that nothing is ever loaded.
    """

    def __init__(
        self, reading: Reading, load: Load, parked: Sequence[Parked], complete: bool = False
    ) -> None:
        self.reading = reading
        self.complete = complete
        self._load = load
        self._routes = {
            name: tuple(
                at
                for at, documents in enumerate(reading.documents)
                if name in documents.facts or name == UNREADABLE
            )
            for name in reading.facts | {UNREADABLE}
        }
        self._kept: dict[str, dict[Key, Any]] = {d.name: {} for d in reading.documents}
        self._before: dict[str, dict[Key, Any]] = {d.name: {} for d in reading.documents}
        self._rows: dict[str, dict[Key, Any]] = {d.name: {} for d in reading.documents}
        self._aside: dict[tuple[str, Key], list[Parked]] = defaultdict(list)
        for one in parked:
            self._aside[one.documents, one.key].append(one)
        self._parked = len(parked)
        self._newly: list[Parked] = []
        self._freed: list[Parked] = []

    @property
    def size(self) -> int:
        """How many documents are at hand."""
        return sum(len(kept) for kept in self._kept.values())

    @property
    def pending(self) -> int:
        """How many documents wait to be written."""
        return sum(len(waiting) for waiting in (*self._before.values(), *self._rows.values()))

    @property
    def parked(self) -> list[Parked]:
        """What is put aside, by kind and key in the order of positions."""
        return [one for entries in self._aside.values() for one in entries]

    def take(self, page: Iterable[Taken], partition: Partition | None = None) -> None:
        """Take facts in, in order. A fact that a fold cannot take is put aside with its key.

        Facts that reached a ``partition`` are taken into the documents that it keeps.
        """
        self.take_all([(partition, page)])

    def take_all(self, pages: Iterable[tuple[Partition | None, Iterable[Taken]]]) -> None:
        """Take in what came to several partitions; what it concerns is loaded once for all."""
        routes, kinds = self._routes, self.reading.documents
        concerned: list[list[Taken]] = [[] for _ in kinds]
        for partition, page in pages:
            for fact in page:
                found = routes.get(fact.type, ())
                if partition is not None and is_shared(fact.stream, fact.subject):
                    found = tuple(at for at in found if _keeps(partition, kinds[at], fact))
                for at in found:
                    concerned[at].append(fact)
        for documents, facts in zip(kinds, concerned, strict=True):
            if facts:
                self._take(documents, facts)

    def retry(self, entries: Sequence[tuple[Parked, Taken]]) -> None:
        """Take facts of one key that were put aside, in order. What fails again stays aside."""
        kind, key = entries[0][0].documents, entries[0][0].key
        documents = next(d for d in self.reading.documents if d.name == kind)
        freed = self._aside.pop((kind, key), [])
        self._freed += freed
        self._parked -= len(freed)
        only = None if key[0] in (WHOLE_STREAM, UNREADABLE) else key[1:]
        self._take(documents, [fact for _, fact in entries], only)

    def changes(self, position: int) -> Changes:
        """Return what is to be written, with the position that it leads to."""
        documents: dict[str, dict[Key, Any]] = {}
        created: dict[str, list[Key]] = {}
        for kind, before in self._before.items():
            if before:
                kept = self._kept[kind]
                documents[kind] = {key: kept[key] for key in before}
                created[kind] = [key for key, old in before.items() if old is None]
        for kind, rows in self._rows.items():
            if rows:
                documents[kind] = rows
                created[kind] = list(rows)
        newly, freed = dict.fromkeys(self._newly), dict.fromkeys(self._freed)
        return Changes(
            position,
            documents,
            created,
            {tally.name: self._deltas(tally) for tally in self.reading.tallies},
            [one for one in newly if one not in freed],
            [one for one in freed if one not in newly],
        )

    def written(self, keep: int) -> None:
        """Note that the changes are in the store; let go of the documents if there are more."""
        for name in self._before:
            self._before[name] = {}
            self._rows[name] = {}
        self._newly, self._freed = [], []
        if self.size > keep:
            self.complete = False
            for name in self._kept:
                self._kept[name] = {}

    def _take(
        self, documents: Documents[Any], page: Sequence[Taken], only: Key | None = None
    ) -> None:
        kind = documents.name
        work: list[tuple[Envelope, Key, Key]] = []
        keys_of = documents.keys
        for fact in page:
            if isinstance(fact, Broken):
                self._park(kind, _whole(fact), fact.position, fact.error)
                continue
            if self._aside and (kind, (WHOLE_STREAM, fact.stream)) in self._aside:
                self._park(kind, (WHOLE_STREAM, fact.stream), fact.position, "")
                continue
            try:
                filed = (fact.tenant,)
                for key in (only,) if only else keys_of(fact):
                    work.append((fact, key, filed + key))  # noqa: PERF401  # a generator costs twice
            except Exception as error:
                self._park(kind, (WHOLE_STREAM, fact.stream), fact.position, _say(error))
        if not documents.write_once and not self.complete:
            self._fetch(kind, [filed for _, _, filed in work])
        self._fold(documents, work)

    def _fold(self, documents: Documents[Any], work: Iterable[tuple[Envelope, Key, Key]]) -> None:
        """Fold facts under their keys; what is at hand is filed under the tenant and the key."""
        kind, fold = documents.name, documents.fold
        aside, kept, before = self._aside, self._kept[kind], self._before[kind]
        if documents.write_once:
            kept = before = self._rows[kind]
        for envelope, key, filed in work:
            if aside and (kind, filed) in aside:
                self._park(kind, filed, envelope.position, "")
                continue
            old = kept.get(filed)
            try:
                new = fold(old, envelope, key)
            except Exception as error:
                self._park(kind, filed, envelope.position, _say(error))
                continue
            if new is not old:
                if filed not in before:
                    before[filed] = old
                kept[filed] = new

    def _fetch(self, kind: str, keys: Iterable[Key]) -> None:
        kept = self._kept[kind]
        missing = {key for key in keys if key not in kept}
        if missing:
            kept.update(self._load(kind, missing))

    def _park(self, kind: str, key: Key, position: int, error: str) -> None:
        one = Parked(kind, key, position, error[:ERROR_CHARACTERS_MAX])
        self._aside[kind, key].append(one)
        self._newly.append(one)
        self._parked += 1
        if self._parked > PARKED_FACTS_MAX:
            raise TooManyParked(f"more than {PARKED_FACTS_MAX} facts put aside, last: {error}")

    def _deltas(self, tally: Tally) -> dict[Key, Amounts]:
        """Return what the tally moves by: what the changed documents give now, less what before."""
        sums: dict[Key, list[int | Decimal]] = {}
        with localcontext(_exact):
            for kind, measure in tally.measures.items():
                kept = self._kept[kind]
                for key, old in self._before[kind].items():
                    tenant = key[0]
                    for dimensions, amounts in measure(kept[key]).items():
                        at = (tenant, *dimensions)
                        row = sums.get(at)
                        sums[at] = (
                            list(amounts)
                            if row is None
                            else [a + b for a, b in zip(row, amounts, strict=True)]
                        )
                    if old is None:
                        continue
                    for dimensions, amounts in measure(old).items():
                        at = (tenant, *dimensions)
                        row = sums.get(at) or [0] * len(amounts)
                        sums[at] = [a - b for a, b in zip(row, amounts, strict=True)]
        return {at: tuple(row) for at, row in sums.items() if any(row)}


def _keeps(partition: Partition, documents: Documents[Any], fact: Taken) -> bool:
    """One that cannot be read is parked wherever it came."""
    if isinstance(fact, Broken) and not fact.stream:
        return True
    return partition.keeps(documents.key, fact.stream, fact.subject)


def _whole(fact: Broken) -> Key:
    """The key of a row that could not be decoded: its stream, or itself where none is known."""
    return (WHOLE_STREAM, fact.stream) if fact.stream else (UNREADABLE, fact.position)


def _say(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
