"""Are scores and grades taken again on a batch's terms, and never lowered where it says so?"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from domain.assessment.facts import SubmissionReceived
from domain.catalogue.facts import (
    Category,
    Cutoff,
    GradingPolicy,
    GradingPolicyPublished,
    Group,
    GroupedPolicy,
    LatePolicy,
    WeightedPolicy,
)
from domain.catalogue.rules import RunUnknown
from domain.grading.facts import (
    CourseGradeComputed,
    CoursePassed,
    RegradeCompleted,
    RegradeStarted,
    SubmissionGraded,
)
from domain.grading.regrade import RegradeExists, RegradeIsCompleted, RegradeUnknown
from tests.given import ENROLLED, LEARNER, RUN_ID, RUNNING, Record, given

BATCH = {"run": RUN_ID, "batch": "b1"}
WHY = "Question 3 was ambiguous."
STARTED = RegradeStarted(RUN_ID, "b1", WHY)
HIGHER = RegradeStarted(RUN_ID, "b1", WHY, only_if_higher=True)
POLICY = GradingPolicyPublished(
    RUN_ID, 1, WeightedPolicy((Category("TMA", "1"),), (Cutoff("Pass", 40),))
)
GRADED = (
    *ENROLLED,
    POLICY,
    SubmissionReceived("1752", "1", 1, 1),
    SubmissionGraded("1752", "1", "60", "100", "g"),
)
AGAIN = {**LEARNER, "item": "1752", "attempt": "1", "grader": "h", "regrade": "b1"}


def test_a_batch_begins_and_ends_once() -> None:
    """Started again as it was it is nothing, otherwise refused; completed it takes no more."""
    record = given(*GRADED)
    record.when("start-regrade", **BATCH, reason=WHY).then(STARTED)
    record.when("start-regrade", **BATCH, reason=WHY).nothing()
    record.when("start-regrade", **BATCH, reason=WHY, only_if_higher=True).refused(RegradeExists)
    record.when("grade-submission", **AGAIN, raw=61).then(
        SubmissionGraded("1752", "1", "61", "100", "h", regrade="b1")
    )
    record.when("complete-regrade", **BATCH, learners=3).then(
        RegradeCompleted(RUN_ID, "b1", only_if_higher=False, learners=3)
    )
    record.when("complete-regrade", **BATCH, learners=3).nothing()
    record.when("grade-submission", **AGAIN, raw=70).refused(RegradeIsCompleted)
    record.when("compute-grade", **LEARNER, regrade="b1").refused(RegradeIsCompleted)


def test_a_batch_that_is_not_there() -> None:
    """Is refused by name."""
    record = given(*GRADED)
    record.when("grade-submission", **AGAIN, raw=61).refused(RegradeUnknown, batch="b1")
    record.when("compute-grade", **LEARNER, regrade="b1").refused(RegradeUnknown)
    record.when("complete-regrade", **BATCH, learners=0).refused(RegradeUnknown)
    given().when("start-regrade", **BATCH, reason=WHY).refused(RunUnknown)
    given(*RUNNING).when("start-regrade", **BATCH, reason=WHY).then(STARTED)


@pytest.mark.parametrize(
    ("raw", "possible", "taken"),
    [("60.01", "100", True), ("60", "100", False), ("6", "10", False), ("7", "10", True)],
)
def test_only_if_higher_keeps_the_old_on_equality(raw: str, possible: str, taken: bool) -> None:
    """By the share, whatever the scale [Open edX]; elsewhere it lowered grades (edx-platform PR
    16160)."""
    answer = given(*GRADED, HIGHER).when("grade-submission", **AGAIN, raw=raw, possible=possible)
    assert bool(answer.facts) == taken


def test_a_batch_of_its_own_kind_may_lower() -> None:
    """Where it does not say only if higher."""
    given(*GRADED, STARTED).when("grade-submission", **AGAIN, raw=5).then(
        SubmissionGraded("1752", "1", "5", "100", "h", regrade="b1")
    )


def _weighted(weight: str, *cutoffs: Cutoff) -> WeightedPolicy:
    return WeightedPolicy((Category("TMA", weight),), cutoffs)


def graded_under(new: GradingPolicyPublished, started: RegradeStarted) -> list[str]:
    """Compute the grade, publish another policy, and compute it again in a batch."""
    record = given(*GRADED)
    record.when("compute-grade", **LEARNER)
    record.take(new, started)
    answer = record.when("compute-grade", **LEARNER, regrade="b1")
    record.when("compute-grade", **LEARNER, regrade="b1").nothing()
    return [
        f"{fact.percent} {fact.regrade}" if isinstance(fact, CourseGradeComputed) else "other"
        for fact in answer.facts
    ]


def test_a_grade_under_another_policy_is_kept_where_it_is_not_higher() -> None:
    """Equality keeps the old grade [Open edX], under its old policy; nothing else is said."""
    stricter = GradingPolicyPublished(
        RUN_ID, 2, WeightedPolicy((Category("TMA", "0.5"),), (Cutoff("Pass", 40),))
    )
    same = GradingPolicyPublished(RUN_ID, 2, POLICY.policy, LatePolicy("10"))
    kinder = GradingPolicyPublished(
        RUN_ID, 2, WeightedPolicy((Category("TMA", "1.5"),), (Cutoff("Pass", 40),))
    )
    assert graded_under(stricter, HIGHER) == []
    assert graded_under(same, HIGHER) == []
    assert graded_under(kinder, HIGHER) == ["90 b1"]
    assert graded_under(stricter, STARTED)[0] == "30 b1"


@pytest.mark.parametrize(
    ("raw", "first", "second"),
    [
        (
            "82",
            _weighted("1", Cutoff("A", 80)),
            _weighted("1.05", Cutoff("A", 90), Cutoff("B", 60)),
        ),
        ("60", _weighted("1", Cutoff("P", 40)), _weighted("1.1", Cutoff("C", 70))),
        ("60", _weighted("1", Cutoff("P", 40)), _weighted("1.1", Cutoff("F", 0))),
        (
            "59.5",
            _weighted("1", Cutoff("P", 40)),
            GroupedPolicy((Group("TMA", "100"),), (Cutoff("P", 40),)),
        ),
    ],
    ids=["a letter", "a pass", "every pass", "a per cent"],
)
def test_a_higher_share_that_would_lose_something_is_not_higher(
    raw: str, first: GradingPolicy, second: GradingPolicy
) -> None:
    """Other cutoffs ask more for the letter or for a pass; another rounding gives less for the
    share. No grade falls."""
    record = given(*GRADED).take(GradingPolicyPublished(RUN_ID, 2, first))
    record.when("grade-submission", **{**AGAIN, "regrade": None}, raw=raw)
    record.when("compute-grade", **LEARNER)
    record.take(HIGHER, GradingPolicyPublished(RUN_ID, 3, second))
    record.when("grade-submission", **AGAIN, raw="59.7" if raw == "59.5" else raw)
    record.when("compute-grade", **LEARNER, regrade="b1").nothing()


def test_a_first_grade_is_taken_in_any_batch() -> None:
    """There is nothing to be higher than."""
    facts = given(*GRADED, HIGHER).when("compute-grade", **LEARNER, regrade="b1").facts
    assert [type(fact) for fact in facts] == [CourseGradeComputed, CoursePassed]


SCORES = st.lists(st.decimals(0, 100, places=2), min_size=1, max_size=6)


@over(SCORES)
def test_only_if_higher_never_lowers(raws: list[Decimal]) -> None:
    """Whatever comes, in whatever order: scores and grades only rise, to the highest there was."""
    record = given(*GRADED, HIGHER)
    percents = [_exact(record)]
    for raw in raws:
        record.when("grade-submission", **AGAIN, raw=str(raw))
        record.when("compute-grade", **LEARNER, regrade="b1")
        percents.append(_exact(record))
    assert percents == sorted(percents)
    assert percents[-1] == max(Fraction(60), *map(Fraction, raws)) / 100


def _exact(record: Record) -> Fraction:
    record.when("compute-grade", **LEARNER, regrade="b1")
    return Fraction(record.states[f"main/enrolment/{RUN_ID}/oulad-11391"].results.grade.exact)
