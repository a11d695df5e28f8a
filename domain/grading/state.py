"""What must decisions know of a learner's results in a run?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple, assert_never

import msgspec

from domain.grading.facts import (
    CourseFailed,
    CourseGradeComputed,
    CoursePassed,
    OutcomeRecorded,
    Result,
    ResultTransferred,
    SubmissionGraded,
)

GradingFact = (
    SubmissionGraded
    | OutcomeRecorded
    | ResultTransferred
    | CourseGradeComputed
    | CoursePassed
    | CourseFailed
)


class Score(NamedTuple):
    """A score and the highest there could be, as exact decimal texts."""

    raw: str
    possible: str

    def equals(self, other: Score) -> bool:
        """Whether both are the same numbers, however they are written."""
        return _same(self.raw, other.raw) and _same(self.possible, other.possible)


class Banked(NamedTuple):
    """A result that was carried over; the score may be unknown."""

    raw: str | None
    possible: str
    from_run: str | None

    def equals(self, other: Banked) -> bool:
        """Whether both are the same result of the same run, however the numbers are written."""
        return (
            self.from_run == other.from_run
            and _same(self.raw, other.raw)
            and _same(self.possible, other.possible)
        )


def _same(a: str | None, b: str | None) -> bool:
    return a == b or (a is not None and b is not None and Decimal(a) == Decimal(b))


class Results(msgspec.Struct, frozen=True):
    """Scores by item and attempt, carried results by item, the computed grade, the outcome.

    ``passed`` is what the computed grade last came to; None: neither passed nor failed yet.
    """

    graded: Mapping[tuple[str, str], Score] = msgspec.field(default_factory=dict)
    banked: Mapping[str, Banked] = msgspec.field(default_factory=dict)
    grade: CourseGradeComputed | None = None
    passed: bool | None = None
    outcome: Result | None = None

    def known_scores(self) -> Iterator[tuple[str, Score]]:
        """Yield every score that there is, with its item: own ones first, then carried ones."""
        for (item, _), score in self.graded.items():
            yield item, score
        for item, banked in self.banked.items():
            if banked.raw is not None:
                yield item, Score(banked.raw, banked.possible)


def with_result(results: Results, fact: GradingFact) -> Results:
    """Take one fact in. Never refuses."""
    match fact:
        case SubmissionGraded(item=item, attempt=attempt, raw=raw, possible=possible):
            graded = {**results.graded, (item, attempt): Score(raw, possible)}
            return Results(graded, results.banked, results.grade, results.passed, results.outcome)
        case OutcomeRecorded(result=result):
            return msgspec.structs.replace(results, outcome=result)
        case ResultTransferred(item=item, raw=raw, possible=possible, from_run=from_run):
            banked = {**results.banked, item: Banked(raw, possible, from_run)}
            return msgspec.structs.replace(results, banked=banked)
        case CourseGradeComputed():
            return msgspec.structs.replace(results, grade=fact)
        case CoursePassed():
            return msgspec.structs.replace(results, passed=True)
        case CourseFailed():
            return msgspec.structs.replace(results, passed=False)
        case _:
            assert_never(fact)
