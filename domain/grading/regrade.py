"""Is a batch of regrades under way, and which of its results count?"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

import msgspec

from domain.catalogue.facts import GradingPolicy, exact
from domain.grading.counting import Score
from domain.grading.facts import CourseGradeComputed, RegradeCompleted, RegradeStarted
from domain.grading.rounding import pass_mark
from domain.grading.state import Results
from domain.kernel import Refusal, StreamKind


class RegradeUnknown(Refusal):
    """A score or a grade was to be regraded as part of a batch that was never started. Start it
    with `start-regrade`, or look for a slip in its id."""

    rule = "regrade-unknown"
    title = "There is no such batch of regrades"


class RegradeExists(Refusal):
    """A batch of regrades with this id was started already, on other terms. Starting it again just
    as it was changes nothing."""

    rule = "regrade-exists"
    title = "There is another batch of regrades with this id"


class RegradeIsCompleted(Refusal):
    """A batch of regrades that was completed takes no more: what it did stands. Start another."""

    rule = "regrade-completed"
    title = "The batch of regrades is completed"


class Regrade(msgspec.Struct, frozen=True):
    """A batch of regrades, once ``started``."""

    started: RegradeStarted | None = None
    completed: bool = False


def evolve_regrade(
    state: Regrade, fact: RegradeStarted | RegradeCompleted, _at: datetime
) -> Regrade:
    """Take one fact in. Never refuses."""
    match fact:
        case RegradeStarted():
            return Regrade(fact, state.completed)
        case RegradeCompleted():
            return Regrade(state.started, completed=True)
        case _:
            assert_never(fact)


def require_regrade(regrade: Regrade, run_id: str, batch: str) -> RegradeStarted:
    """Return the terms of a batch that is under way.

    Raises RegradeUnknown or RegradeIsCompleted.
    """
    if regrade.started is None:
        raise RegradeUnknown(
            f"No batch {batch} of regrades was started in run {run_id}.", run=run_id, batch=batch
        )
    if regrade.completed:
        raise RegradeIsCompleted(
            f"Batch {batch} of regrades in run {run_id} is completed.", run=run_id, batch=batch
        )
    return regrade.started


def raises(old: Score, new: Score) -> bool:
    """Whether a new score is higher than the old, by its share; equality keeps the old [Open edX].

    Elsewhere a regrade with "only if higher" lowered grades (edx-platform PR 16160).
    """
    before, after = old.share, new.share
    return after is not None and (before is None or after > before)


def raises_grade(results: Results, new: CourseGradeComputed, policy: GradingPolicy) -> bool:
    """Whether a new grade is higher than the one that stands, by the exact share of the course;
    equality keeps the old [Open edX]. The first grade is.

    Another policy may round down, or ask more for the same letter or for a pass: a grade that
    would lose anything by that is not higher, whatever its share.
    """
    old = results.grade
    if old is None:
        return True
    mark = pass_mark(policy.cutoffs)
    held = [cutoff.percent for cutoff in policy.cutoffs if cutoff.letter == old.letter]
    if results.passed is True and (mark is None or new.percent < mark):
        return False
    return exact(new.exact) > exact(old.exact) and new.percent >= max([old.percent, *held])


REGRADE = StreamKind("regrade", Regrade(), evolve_regrade, (RegradeStarted, RegradeCompleted))
