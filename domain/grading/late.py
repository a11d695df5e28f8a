"""What do late and missing work cost [Canvas]?

Canvas's formula, exactly: with ``n = ceil(seconds late / interval)`` and all in per cent of the
highest score, ``penalty = min(rate * n, max(raw - floor, 0))``, and ``deducted`` is that share of
the highest score, rounded to two places, halves away from zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from domain.assessment.dates import effective_due
from domain.assessment.state import Attempt, Attempts
from domain.catalogue.content import Content
from domain.catalogue.facts import SUBMITTABLE, Item, LatePolicy, exact
from domain.catalogue.state import Run
from domain.enrolment.state import Enrolment
from domain.exact import text
from domain.grading.counting import Score
from domain.grading.facts import LatePenaltyApplied, MissingWorkCleared, MissingWorkScored
from domain.grading.points import ratio
from domain.grading.state import Results

PLACES = 2
"""Decimal places that a deduction is rounded to."""


def intervals_begun(policy: LatePolicy, seconds: int) -> int:
    """Return how many intervals of lateness have begun: ceil(seconds / interval) [Canvas]."""
    return -(-seconds // policy.interval_seconds)


def deduction(policy: LatePolicy, raw: str, possible: str, seconds: int) -> Decimal:
    """Return the points that so many seconds of lateness cost [Canvas].

    95 of 100, 25 hours late, 10% a day: 20; with a floor of 80%: 15. Where nothing was possible,
    nothing is deducted.
    """
    (whole, whole_of), (got, got_of) = ratio(possible), ratio(raw)
    if seconds <= 0 or whole == 0:
        return Decimal(0)
    (rate, rate_of), (floor, floor_of) = ratio(policy.rate), ratio(policy.floor)
    # In hundredths of a point, as whole numbers: this is asked for each attempt of a run.
    lost, lost_of = whole * rate * intervals_begun(policy, seconds), whole_of * rate_of
    above = 100 * got * whole_of * floor_of - whole * floor * got_of
    above_of = got_of * whole_of * floor_of
    if above <= 0:
        return Decimal(0)
    if lost * above_of > above * lost_of:
        lost, lost_of = above, above_of
    return Decimal((2 * lost + lost_of) // (2 * lost_of)).scaleb(-PLACES)


def missing_as(missing: str, item: Item) -> Score:
    """Return the score of missing work: possible - possible × missing%, exactly [Canvas]."""
    whole = Decimal(item.possible)
    raw = whole - whole * Decimal(missing) / 100
    return Score(text(raw.normalize()), item.possible)


def missing_work(
    run: Run, content: Content, enrolment: Enrolment, now: datetime
) -> Iterator[MissingWorkScored | MissingWorkCleared]:
    """Yield what is to be said of work that was not handed in, of each item."""
    stands = enrolment.results.missing
    for name in stands:
        if name in content.items:
            yield from missing_item(content.items[name], run, content, enrolment, now)
    if run.scores_missing and enrolment.active:
        for item in content.items.values():
            if item.item not in stands:
                yield from missing_item(item, run, content, enrolment, now)


def missing_item(
    item: Item, run: Run, content: Content, enrolment: Enrolment, now: datetime
) -> Iterator[MissingWorkScored | MissingWorkCleared]:
    """Yield what is to be said of an item that was not handed in.

    A score where it is due and has none, the learner is in the run, and the run's policy gives one;
    where that stands and another due date holds that has not come, or the policy gives none any
    more, that it does not.
    """
    missing = None if run.late is None else run.late.missing
    stands = enrolment.results.missing.get(item.item)
    if stands is None and (
        missing is None
        or not enrolment.active
        or item.kind not in SUBMITTABLE
        or _has_score(item.item, enrolment)
        or exact(item.possible) == 0
    ):
        return
    due = effective_due(item, content, run, enrolment).at
    if missing is None or due is None or now <= due:
        if stands is not None:
            yield MissingWorkCleared(item.item, due)
    elif stands is None or not stands.equals(missing_as(missing, item)):
        yield _scored(missing, item, due, run.policy_number)


def _scored(missing: str, item: Item, due: datetime, policy_number: int) -> MissingWorkScored:
    raw, possible = missing_as(missing, item)
    return MissingWorkScored(item.item, raw, possible, due, missing, policy_number)


def _has_score(item: str, enrolment: Enrolment) -> bool:
    """Whether something was handed in, or there is a score anyway, or the learner is excused."""
    results = enrolment.results
    return (
        item in enrolment.attempts
        or item in results.excused
        or results.counted_of(item) is not None
    )


def penalties(
    run: Run, results: Results, item: str, attempt: Attempt
) -> Iterator[LatePenaltyApplied]:
    """Yield what an attempt's lateness costs under the run's policy, unless it stands so.

    An attempt without a score has no penalty yet.
    """
    mark = results.graded.get((item, attempt.attempt))
    if mark is None or (run.late is None and mark.deducted == "0"):
        return
    late = run.late or LatePolicy()
    deducted = deduction(late, mark.raw, mark.possible, attempt.late_seconds)
    if deducted != Decimal(mark.deducted):
        yield LatePenaltyApplied(
            item=item,
            attempt=attempt.attempt,
            raw=mark.raw,
            possible=mark.possible,
            deducted=text(deducted),
            late_seconds=attempt.late_seconds,
            intervals=intervals_begun(late, attempt.late_seconds),
            policy_number=run.policy_number,
        )


def all_penalties(run: Run, attempts: Attempts, results: Results) -> Iterator[LatePenaltyApplied]:
    """Yield the penalties of all attempts that do not stand as the run's policy now has them."""
    if run.late is None and all(mark.deducted == "0" for mark in results.graded.values()):
        return
    for item, made in attempts.items():
        for attempt in made:
            yield from penalties(run, results, item, attempt)
