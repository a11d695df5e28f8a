"""What must decisions know of what a learner watched in a run?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never, get_args

import msgspec

from domain.engagement.coverage import Intervals, with_interval
from domain.engagement.facts import ItemCompleted, VideoWatched
from domain.kernel import StreamKind

ViewingFact = VideoWatched | ItemCompleted


class Viewing(msgspec.Struct, frozen=True):
    """One learner's watching in one run: coverage by item, and the last report.

    All of it belongs to one ``term``: a learner who begins the run afresh begins a new one.
    """

    term: int = 0
    covered: Mapping[str, Intervals] = msgspec.field(default_factory=dict)
    completed: frozenset[str] = frozenset()
    last: VideoWatched | None = None
    last_at: datetime | None = None

    def in_term(self, term: int) -> Viewing:
        """Return the viewing as it counts in a term; the clock of reports runs on."""
        if term <= self.term:
            return self
        return Viewing(term, last=self.last, last_at=self.last_at)


def evolve_viewing(state: Viewing, fact: ViewingFact, at: datetime) -> Viewing:
    """Take one fact in. Never refuses. ``at`` is when the report was made."""
    match fact:
        case VideoWatched(item=item, start_ms=start, end_ms=end, term=term):
            latest = state.last_at is None or at >= state.last_at
            last, last_at = (fact, at) if latest else (state.last, state.last_at)
            if term < state.term:
                return msgspec.structs.replace(state, last=last, last_at=last_at)
            now = state.in_term(term)
            covered = with_interval(now.covered.get(item, ()), start, end)
            return Viewing(term, {**now.covered, item: covered}, now.completed, last, last_at)
        case ItemCompleted(item=item):
            return msgspec.structs.replace(state, completed=state.completed | {item})
        case _:
            assert_never(fact)


VIEWING = StreamKind("viewing", Viewing(), evolve_viewing, get_args(ViewingFact))
