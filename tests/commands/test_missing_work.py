"""Is missing work scored where the run says so, and only where there is nothing else?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.assessment.facts import SubmissionReceived
from domain.catalogue.facts import (
    Category,
    Cutoff,
    DueDateOverridden,
    GradingPolicyPublished,
    Item,
    ItemDue,
    LatePolicy,
    WeightedPolicy,
)
from domain.catalogue.rules import ItemUnknown, RunUnknown
from domain.due import NotDue
from domain.enrolment.facts import CohortJoined, CohortLeft, LearnerEnrolled, LearnerWithdrawn
from domain.enrolment.rules import NotEnrolled
from domain.grading.facts import (
    CourseGradeComputed,
    ItemExcused,
    MissingWorkCleared,
    MissingWorkScored,
    ResultTransferred,
    ScoreOverridden,
    SubmissionGraded,
)
from domain.kernel import Fact
from tests.given import (
    COURSE_FACT,
    ENROLLED,
    LEARNER,
    RUN_ID,
    RUNNING,
    TMA,
    Record,
    content,
    given,
    run,
)

WEIGHTED = WeightedPolicy((Category("TMA", "1"),), (Cutoff("Pass", 40),))
DUE = TMA.due
assert DUE is not None
LATER = DUE + timedelta(microseconds=1)
ITEM = {**LEARNER, "item": "1752"}
SCORED = MissingWorkScored("1752", "20", "100", DUE, "80", 1)


def policy(missing: str | None = "80", number: int = 1) -> GradingPolicyPublished:
    """A policy that deducts so many per cent for missing work."""
    return GradingPolicyPublished(RUN_ID, number, WEIGHTED, LatePolicy("10", missing=missing))


def percent(record: Record) -> int:
    """Compute the grade."""
    facts = record.when("compute-grade", LATER, **LEARNER).facts
    (grade,) = (fact for fact in facts if isinstance(fact, CourseGradeComputed))
    return grade.percent


def test_missing_work_has_the_score_of_the_policy() -> None:
    """possible - possible * missing%, from just after the due moment on, once [Canvas]."""
    record = given(*ENROLLED, policy())
    record.when("score-missing-work", DUE, **ITEM).refused(NotDue)
    record.when("score-missing-work", LATER, **ITEM).then(SCORED)
    record.when("score-missing-work", LATER, **ITEM).nothing()
    assert percent(record) == 20


@pytest.mark.parametrize(
    "fact",
    [
        SubmissionReceived("1752", "1", 1, 1, DUE),
        ItemExcused("1752"),
        ScoreOverridden("1752", "5", "100"),
        ResultTransferred("1752", "5", "100"),
        LearnerWithdrawn(),
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_missing_work_is_scored_only_where_there_is_nothing(fact: Fact) -> None:
    """Nothing handed in, no score of any kind, no excuse, and the learner in the run [Canvas]."""
    given(*ENROLLED, policy(), fact).when("score-missing-work", LATER, **ITEM).nothing()


def test_a_run_that_says_nothing_scores_nothing() -> None:
    """It is opt-in; and what is due at no time, or out of 0, is never missing."""
    given(*ENROLLED).when("score-missing-work", LATER, **ITEM).nothing()
    given(*ENROLLED, policy(None)).when("score-missing-work", LATER, **ITEM).nothing()
    free = content(Item("q", "quiz", "Q"), Item("z", "quiz", "Z", due=DUE, possible="0"), number=2)
    record = given(*ENROLLED, policy(), free)
    for item in ("q", "z"):
        record.when("score-missing-work", LATER, **{**ITEM, "item": item}).nothing()


def test_whose_work_can_be_missing() -> None:
    """A learner of the run, and an item of it."""
    record = given(*ENROLLED, policy())
    record.when("score-missing-work", LATER, **{**ITEM, "run": "X"}).refused(RunUnknown)
    record.when("score-missing-work", LATER, **{**ITEM, "item": "X"}).refused(ItemUnknown)
    given(*RUNNING).when("score-missing-work", LATER, **ITEM).refused(NotEnrolled)


def test_a_score_takes_the_place_of_missing_work() -> None:
    """Whatever it is: also one that is worse, and late [Canvas]."""
    record = given(*ENROLLED, policy(), SCORED, SubmissionReceived("1752", "1", 1, 1, DUE, 1))
    assert percent(record) == 20
    record.take(SubmissionGraded("1752", "1", "15", "100", "g"))
    assert percent(record) == 5


def test_a_later_due_date_clears_what_was_missing() -> None:
    """An extension decides it beside; when that has passed too, it is missing again."""
    record = given(*ENROLLED, policy(), SCORED)
    later = DUE + timedelta(days=3)
    grant = {**ITEM, "reason": "Ill", "due": later.isoformat()}
    assert record.when("grant-extension", LATER, **grant).facts[-1] == MissingWorkCleared(
        "1752", later
    )
    record.when("score-missing-work", later, **ITEM).refused(NotDue)
    (again,) = record.when("score-missing-work", later + timedelta(seconds=1), **ITEM).facts
    assert again == MissingWorkScored("1752", "20", "100", later, "80", 1)


def test_all_that_fell_due_is_scored_together() -> None:
    """Where no item is named; what is yet to come is no refusal then."""
    due = DUE + timedelta(days=1)
    items = content(TMA, Item("q", "quiz", "Q", due=due), Item("p", "page", "P", due=DUE), number=2)
    record = given(*ENROLLED, policy(), items)
    record.when("score-missing-work", DUE, **LEARNER).nothing()
    record = record.when("score-missing-work", LATER, **LEARNER).then(SCORED)
    record.when("score-missing-work", LATER, **LEARNER).nothing()
    later = due + timedelta(seconds=1)
    quiz = MissingWorkScored("q", "20", "100", due, "80", 1)
    record.when("score-missing-work", later, **LEARNER).then(quiz)
    given(*RUNNING).when("score-missing-work", LATER, **LEARNER).refused(NotEnrolled)


def test_enrolling_says_whether_there_is_anything_to_ask_for() -> None:
    """Only the learner's own dates are named: those of all are asked for by what named them."""
    own = Item("own", "quiz", "Q", due_after_s=86_400)
    ask = {**LEARNER, "mode": "verified"}
    given(COURSE_FACT, run(), content(TMA, own)).when("enrol-learner", LATER, **ask).then(
        LearnerEnrolled("verified")
    )
    dues = (ItemDue("own", LATER + timedelta(days=1)),)
    given(COURSE_FACT, run(), content(TMA, own), policy()).when("enrol-learner", LATER, **ask).then(
        LearnerEnrolled("verified", missing_from=dues, scores_missing=True)
    )


def test_who_joins_a_cohort_after_its_date_has_missed_the_item() -> None:
    """Decided with it, and taken back with it: among overrides the cohort's beats the run's own
    date [Canvas]."""
    early = DUE - timedelta(days=3)
    override = DueDateOverridden(RUN_ID, "1752", early, "Before the trip", "evening", True)
    record = given(*ENROLLED, policy(), override)
    cohort = {**LEARNER, "cohort": "evening"}
    scored = MissingWorkScored("1752", "20", "100", early, "80", 1)
    record = record.when("join-cohort", DUE, **cohort).then(CohortJoined("evening"), scored)
    record.when("leave-cohort", DUE, **cohort).then(
        CohortLeft("evening"), MissingWorkCleared("1752", DUE)
    )


def test_computing_the_grade_judges_missing_work_too() -> None:
    """Under another policy it is worth more, or nothing again; then there is nothing to do."""
    record = given(*ENROLLED, policy())
    assert percent(record) == 20
    record.take(policy("50", 2))
    assert percent(record) == 50
    record.take(policy(None, 3))
    assert percent(record) == 0
    record.when("compute-grade", LATER, **LEARNER).nothing()


def test_what_is_published_says_when_work_is_missing() -> None:
    """So that the scheduler knows when to look, and only where it must."""
    body: dict[str, Any] = {
        "run": RUN_ID,
        "policy": {
            "categories": [{"name": "TMA", "weight": 1}],
            "cutoffs": [{"letter": "Pass", "percent": 40}],
        },
    }
    record = given(*RUNNING)
    late = LatePolicy(missing="100")
    record.when("publish-grading-policy", **body, late={"missing": 100}).then(
        GradingPolicyPublished(RUN_ID, 1, WEIGHTED, late, (ItemDue("1752", DUE),))
    )
    (published,) = record.when(
        "publish-content", run=RUN_ID, items=[{"item": "a", "kind": "quiz", "title": "A"}]
    ).facts
    assert published.scores_missing  # type: ignore[attr-defined]
    record.when("publish-grading-policy", **body).then(GradingPolicyPublished(RUN_ID, 2, WEIGHTED))
