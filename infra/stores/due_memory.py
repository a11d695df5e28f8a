"""What falls due, in memory: for tests, and as the measure of what PostgreSQL must answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from commands.requests import Cause
from domain.kernel import Envelope
from infra.stores.due import NOWHERE, PAGE_ENTRIES_MAX
from projections.due_entries import Due as Row
from projections.reading import Key, Reading
from streams.policies.scheduler import INSTANT
from streams.ports import Due, DueKey, Mark, Standing, Timed


class MemoryDue:
    """Implements ``streams.ports.DueList`` on rows that ``take`` makes of facts."""

    def __init__(self, reading: Reading, clock: Callable[[], datetime]) -> None:
        self.position = 0
        self.epoch = "first"
        self.marks: list[Mark] = []
        self.kept: dict[str, Timed] = {}
        self._reading = reading
        self._clock = clock
        self._rows: dict[tuple[str, Key], Row] = {}

    def take(self, envelope: Envelope) -> None:
        """Take one fact in."""
        for documents in self._reading.documents:
            for key in documents.keys(envelope) if envelope.type in documents.facts else ():
                at = (documents.name, (envelope.tenant, *key))
                row = documents.fold(self._rows.get(at), envelope, key)
                if row is not None:
                    self._rows[at] = row
        self.position = envelope.position

    def standing(self) -> Standing:
        """Return how far the reading is."""
        return Standing(self.position, self.position, self.epoch, self._clock())

    def begin(self, mark: Mark) -> Mark:
        """Return how far was sent; a new scheduler begins here."""
        if not self.marks:
            self.marks.append(mark)
        return self.marks[-1]

    def move(self, before: Mark, after: Mark) -> bool:
        """Note how far was sent."""
        if self.marks[-1] != before:
            return False
        self.marks.append(after)
        return True

    def late(self, mark: Mark, position: int, after: DueKey | None) -> Sequence[Due]:
        """Return a page of what new facts say was due already."""
        beyond = (mark.position + 1, *(after or NOWHERE))
        found = [
            one
            for one in self._entries()
            if mark.position < one.position <= position
            and one.due_at <= mark.through
            and (one.position, *one.key) > beyond
        ]
        return sorted(found, key=lambda one: (one.position, one.key))[:PAGE_ENTRIES_MAX]

    def coming(self, mark: Mark, through: datetime, after: DueKey | None) -> Sequence[Due]:
        """Return a page of what falls due by this moment."""
        beyond = (mark.through + INSTANT, *(after or NOWHERE))
        found = [
            one
            for one in self._entries()
            if mark.through < one.due_at <= through
            and one.position <= mark.position
            and (one.due_at, *one.key) > beyond
        ]
        return sorted(found, key=lambda one: (one.due_at, one.key))[:PAGE_ENTRIES_MAX]

    def again(self, now: datetime) -> Sequence[Timed]:
        """Return a page of what is kept to be sent by now."""
        found = [one for one in self.kept.values() if one.again_at <= now]
        return sorted(found, key=lambda one: one.again_at)[:PAGE_ENTRIES_MAX]

    def postpone(self, order: Timed) -> None:
        """Keep this, in the place of what its key may stand for."""
        self.kept[order.order.key] = order._replace(kept=True)

    def settle(self, key: str) -> None:
        """Keep nothing under this key any more."""
        self.kept.pop(key, None)

    def _entries(self) -> Iterator[Due]:
        for (_, key), row in self._rows.items():
            if row.due_at is not None:
                yield Due(
                    DueKey(key[0], row.kind, row.run, row.subject, row.thing),
                    row.due_at,
                    row.position,
                    row.each,
                    row.command,
                    row.body,
                    Cause(row.cause, row.correlation),
                )
