"""What must decisions know of a learner's results in a run?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, assert_never

import msgspec

from domain.grading.counting import Candidate, Counted, Mark, Score, choose, same
from domain.grading.facts import (
    CourseFailed,
    CourseGradeComputed,
    CoursePassed,
    ExcuseWithdrawn,
    ItemExcused,
    LatePenaltyApplied,
    MissingWorkCleared,
    MissingWorkScored,
    OutcomeRecorded,
    OverrideRemoved,
    Result,
    ResultTransferred,
    ScoreOverridden,
    SubmissionGraded,
)
from domain.peer_review.facts import PeerScoreFinalized

GradingFact = (
    SubmissionGraded
    | PeerScoreFinalized
    | LatePenaltyApplied
    | OutcomeRecorded
    | ResultTransferred
    | CourseGradeComputed
    | CoursePassed
    | CourseFailed
    | ScoreOverridden
    | OverrideRemoved
    | ItemExcused
    | ExcuseWithdrawn
    | MissingWorkScored
    | MissingWorkCleared
)


class Banked(NamedTuple):
    """A result that was carried over; the score may be unknown."""

    raw: str | None
    possible: str
    from_run: str | None

    def equals(self, other: Banked) -> bool:
        """Whether both are the same result of the same run, however the numbers are written."""
        return (
            self.from_run == other.from_run
            and same(self.raw, other.raw)
            and same(self.possible, other.possible)
        )


class Results(msgspec.Struct, frozen=True):
    """Marks by item and attempt, carried results by item, the computed grade, the outcome.

    ``passed`` is what the computed grade last came to; None: neither passed nor failed yet.
    ``overridden`` and ``missing`` are scores by item, ``voided`` the items and attempts
    that count for nothing.
    """

    graded: Mapping[tuple[str, str], Mark] = msgspec.field(default_factory=dict)
    banked: Mapping[str, Banked] = msgspec.field(default_factory=dict)
    grade: CourseGradeComputed | None = None
    passed: bool | None = None
    outcome: Result | None = None
    overridden: Mapping[str, Score] = msgspec.field(default_factory=dict)
    excused: frozenset[str] = frozenset()
    voided: frozenset[tuple[str, str]] = frozenset()
    missing: Mapping[str, Score] = msgspec.field(default_factory=dict)

    def counted(self) -> dict[str, Counted]:
        """Return the score that counts for each item that has one, excused or not."""
        by_item: dict[str, list[Candidate]] = {}
        for item, candidate in self._candidates():
            by_item.setdefault(item, []).append(candidate)
        found = {}
        for item in dict.fromkeys((*by_item, *self.overridden, *self.missing)):
            one = choose(by_item.get(item, ()), self.overridden.get(item), self.missing.get(item))
            if one is not None:
                found[item] = one
        return found

    def counted_of(self, item: str) -> Counted | None:
        """Return the score of one item that counts, or None."""
        own = [candidate for name, candidate in self._candidates() if name == item]
        return choose(own, self.overridden.get(item), self.missing.get(item))

    def computed_of(self, item: str) -> Counted | None:
        """Return what would count for one item if there were no override, or None."""
        own = [candidate for name, candidate in self._candidates() if name == item]
        return choose(own, missing=self.missing.get(item))

    def _candidates(self) -> Iterator[tuple[str, Candidate]]:
        """Yield every score that might count, with its item: own ones first, then carried ones."""
        for (item, attempt), mark in self.graded.items():
            if (item, attempt) in self.voided:
                continue
            yield item, Candidate("attempt", attempt, mark)
        for item, banked in self.banked.items():
            if banked.raw is not None:
                yield item, Candidate("banked", None, Mark(banked.raw, banked.possible))


def with_result(results: Results, fact: GradingFact) -> Results:
    """Take one fact in. Never refuses."""
    replace = msgspec.structs.replace
    match fact:
        case (
            SubmissionGraded(item=item, attempt=attempt, raw=raw, possible=possible)
            | PeerScoreFinalized(item=item, attempt=attempt, raw=raw, possible=possible)
        ):
            return replace(results, graded={**results.graded, (item, attempt): Mark(raw, possible)})
        case LatePenaltyApplied(item=item, attempt=attempt):
            mark = Mark(fact.raw, fact.possible, fact.deducted)
            return replace(results, graded={**results.graded, (item, attempt): mark})
        case OutcomeRecorded(result=result):
            return replace(results, outcome=result)
        case ResultTransferred(item=item, raw=raw, possible=possible, from_run=from_run):
            banked = {**results.banked, item: Banked(raw, possible, from_run)}
            return replace(results, banked=banked)
        case CourseGradeComputed():
            return replace(results, grade=fact)
        case CoursePassed():
            return replace(results, passed=True)
        case CourseFailed():
            return replace(results, passed=False)
        case ScoreOverridden(item=item, new=new, possible=possible):
            return replace(results, overridden={**results.overridden, item: Score(new, possible)})
        case OverrideRemoved(item=item):
            return replace(results, overridden=_without(results.overridden, item))
        case MissingWorkScored(item=item, raw=raw, possible=possible):
            return replace(results, missing={**results.missing, item: Score(raw, possible)})
        case MissingWorkCleared(item=item):
            return replace(results, missing=_without(results.missing, item))
        case ItemExcused(item=item):
            return replace(results, excused=results.excused | {item})
        case ExcuseWithdrawn(item=item):
            return replace(results, excused=results.excused - {item})
        case _:
            assert_never(fact)


def with_voiding(results: Results, voided: frozenset[tuple[str, str, str]]) -> Results:
    """Let these attempts count for nothing: item, attempt, and the violation that voids each."""
    attempts = frozenset((item, attempt) for item, attempt, _ in voided)
    return msgspec.structs.replace(results, voided=attempts)


def _without(scores: Mapping[str, Score], item: str) -> Mapping[str, Score]:
    return {name: score for name, score in scores.items() if name != item}
