"""What does late work cost, and when is that judged again?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from commands.malformed import of_validation
from commands.register import DECISIONS
from domain.assessment.facts import SubmissionReceived
from domain.catalogue.facts import (
    Category,
    Cutoff,
    GradingPolicyPublished,
    LatePolicy,
    WeightedPolicy,
)
from domain.grading.facts import CourseGradeComputed, LatePenaltyApplied, SubmissionGraded
from tests.given import ENROLLED, LEARNER, RUN_ID, RUNNING, TMA, given

DAY = 86_400
WEIGHTED = WeightedPolicy((Category("TMA", "1"),), (Cutoff("Pass", 40),))
LATE = LatePolicy("10", DAY)
POLICY = GradingPolicyPublished(RUN_ID, 1, WEIGHTED, LATE)
BODY = {
    "categories": [{"name": "TMA", "weight": 1}],
    "cutoffs": [{"letter": "Pass", "percent": 40}],
}
GROUPED: dict[str, Any] = {"kind": "grouped", "cutoffs": [{"letter": "A", "percent": 80}]}
GRADE = {**LEARNER, "item": "1752", "grader": "tutor-1"}


def submitted(attempt: str, late: int, number: int = 1) -> SubmissionReceived:
    """An attempt so many seconds late."""
    return SubmissionReceived("1752", attempt, number, 1, TMA.due, late)


def graded(attempt: str, raw: str) -> SubmissionGraded:
    """A score out of 100."""
    return SubmissionGraded("1752", attempt, raw, "100", "tutor-1")


def penalty(
    attempt: str, raw: str, deducted: str, seconds: int, begun: int, policy: int = 1
) -> LatePenaltyApplied:
    """What was deducted of a score out of 100."""
    return LatePenaltyApplied("1752", attempt, raw, "100", deducted, seconds, begun, policy)


def test_a_late_score_is_recorded_with_its_penalty() -> None:
    """Both facts in one decision; the raw score stays. Source: rules.md, late policy [Canvas]."""
    record = given(*ENROLLED, POLICY, submitted("1", 25 * 3_600))
    record.when("grade-submission", **GRADE, attempt="1", raw=95).then(
        graded("1", "95"), penalty("1", "95", "20.00", 25 * 3_600, 2)
    )
    record.when("grade-submission", **GRADE, attempt="1", raw=95).nothing()


def test_what_is_in_time_costs_nothing() -> None:
    """The due moment itself is in time: late means submitted > due [Canvas, Moodle]."""
    assert TMA.due is not None
    for at, late in ((TMA.due, False), (TMA.due + timedelta(microseconds=1), True)):
        record = given(*ENROLLED, POLICY)
        record.when("submit-work", at, **LEARNER, item="1752", attempt="1")
        facts = record.when("grade-submission", at, **GRADE, attempt="1", raw=95).facts
        assert any(isinstance(fact, LatePenaltyApplied) for fact in facts) == late


def test_without_a_late_policy_lateness_costs_nothing() -> None:
    """It is opt-in: a run that says nothing deducts nothing."""
    record = given(*ENROLLED, GradingPolicyPublished(RUN_ID, 1, WEIGHTED), submitted("1", DAY))
    record.when("grade-submission", **GRADE, attempt="1", raw=95).then(graded("1", "95"))


def test_a_regrade_is_judged_afresh() -> None:
    """Another score replaces the penalty with its own; one of nothing needs none."""
    record = given(*ENROLLED, POLICY, submitted("1", DAY))
    record.when("grade-submission", **GRADE, attempt="1", raw=95).then(
        graded("1", "95"), penalty("1", "95", "10.00", DAY, 1)
    )
    record.when("grade-submission", **GRADE, attempt="1", raw="4").then(
        graded("1", "4"), penalty("1", "4", "4.00", DAY, 1)
    )
    record.when("grade-submission", **GRADE, attempt="1", raw=0).then(graded("1", "0"))
    assert record.when("compute-grade", **LEARNER).facts[0].exact == "0"  # type: ignore[attr-defined]


def test_the_grade_takes_the_best_attempt_after_its_penalty() -> None:
    """A late attempt never costs one in time its place (canvas-lms#1354)."""
    record = given(*ENROLLED, POLICY, submitted("1", 0), graded("1", "70"))
    record.take(submitted("2", 3 * DAY, 2), graded("2", "95"), penalty("2", "95", "30", 3 * DAY, 3))
    grade = record.when("compute-grade", **LEARNER).facts[0]
    assert isinstance(grade, CourseGradeComputed)
    assert (grade.percent, grade.exact) == (70, "7/10")


def test_another_late_policy_is_applied_when_the_grade_is_computed() -> None:
    """Penalties are judged again as new facts, in both directions; then there is nothing to do."""
    record = given(*ENROLLED, POLICY, submitted("1", DAY), graded("1", "80"))
    record.when("compute-grade", **LEARNER)
    assert record.states["main/enrolment/AAA-2013J/oulad-11391"].results.grade.percent == 70
    record.take(GradingPolicyPublished(RUN_ID, 2, WEIGHTED, LatePolicy("10", DAY, "75")))
    facts = record.when("compute-grade", **LEARNER).facts
    assert facts[0] == penalty("1", "80", "5.00", DAY, 1, policy=2)
    assert isinstance(facts[1], CourseGradeComputed)
    assert facts[1].percent == 75
    record.take(GradingPolicyPublished(RUN_ID, 3, WEIGHTED))
    facts = record.when("compute-grade", **LEARNER).facts
    assert facts[0] == penalty("1", "80", "0", DAY, 1, policy=3)
    assert isinstance(facts[1], CourseGradeComputed)
    assert facts[1].percent == 80
    record.when("compute-grade", **LEARNER).nothing()


def test_an_extension_judges_the_penalty_of_what_is_in_again() -> None:
    """Elsewhere it stays as it was when the due date moves (Submitty#665) [Canvas-like systems
    leave stale penalties]."""
    assert TMA.due is not None
    record = given(*ENROLLED, POLICY)
    late = TMA.due + timedelta(seconds=3 * DAY)
    record.when("submit-work", late, **LEARNER, item="1752", attempt="1")
    record.when("grade-submission", late, **GRADE, attempt="1", raw=80).then(
        graded("1", "80"), penalty("1", "80", "30.00", 3 * DAY, 3)
    )
    grant = {**LEARNER, "item": "1752", "reason": "Ill"}
    two_days = (TMA.due + timedelta(days=2)).isoformat()
    facts = record.when("grant-extension", late, **grant, due=two_days).facts
    assert facts[-1] == penalty("1", "80", "10.00", DAY, 1)
    facts = record.when("grant-extension", late, **grant, no_due=True).facts
    assert facts[-1] == penalty("1", "80", "0", 0, 0)
    facts = record.when("withdraw-extension", late, **grant).facts
    assert facts[-1] == penalty("1", "80", "30.00", 3 * DAY, 3)
    record.when("redecide-lateness", late, **LEARNER).nothing()


def test_a_late_policy_is_part_of_what_is_published() -> None:
    """The same again is nothing; another cost is another number."""
    record = given(*RUNNING)
    command = "publish-grading-policy"
    record.when(command, run=RUN_ID, policy=BODY, late={"rate": "10"}).then(POLICY)
    record.when(command, run=RUN_ID, policy=BODY, late={"rate": "10"}).nothing()
    record.when(command, run=RUN_ID, policy=BODY).then(GradingPolicyPublished(RUN_ID, 2, WEIGHTED))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"late": {"rate": 0}}, "late"),
        ({"late": {"rate": -1}}, "late.rate"),
        ({"late": {"rate": 101}}, "late.rate"),
        ({"late": {"rate": 5, "floor": -1}}, "late.floor"),
        ({"late": {"rate": 5, "interval_seconds": 0}}, "late.interval_seconds"),
    ],
)
def test_a_contradictory_late_policy_is_refused(change: dict[str, Any], field: str) -> None:
    """When it is published, naming the field."""
    with pytest.raises(ValidationError) as refused:
        DECISIONS["publish-grading-policy"].model.model_validate(
            {"run": RUN_ID, "policy": BODY, **change}
        )
    assert of_validation(refused.value).errors[0].field == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"categories": [{"name": "TMA", "weight": "-0.1"}]}, "policy.categories.0.weight"),
        ({"categories": [{"name": "A", "weight": 1}] * 2}, "policy.categories"),
        (
            {"cutoffs": [{"letter": "C", "percent": 40}, {"letter": "A", "percent": 80}]},
            "policy.cutoffs",
        ),
        (
            {"cutoffs": [{"letter": "A", "percent": 80}, {"letter": "B", "percent": 80}]},
            "policy.cutoffs",
        ),
        (
            {"cutoffs": [{"letter": "A", "percent": 80}, {"letter": "A", "percent": 40}]},
            "policy.cutoffs",
        ),
        ({"cutoffs": [{"letter": "A", "percent": 101}]}, "policy.cutoffs.0.percent"),
        ({"cutoffs": [{"letter": "P", "percent": 0}]}, "policy.cutoffs"),
        (
            {
                **GROUPED,
                "groups": [{"name": "A", "weight": 1}],
                "cutoffs": [{"letter": "P", "percent": 0}],
            },
            "policy.cutoffs",
        ),
        ({"kind": "other"}, "policy.kind"),
        ({"kind": ["weighted"]}, "policy.kind"),
        ({**GROUPED, "groups": [{"name": "A", "weight": -1}]}, "policy.groups.0.weight"),
        ({**GROUPED, "groups": [{"name": "A", "weight": 101}]}, "policy.groups.0.weight"),
        ({**GROUPED, "groups": [{"name": "A", "weight": 0}]}, "policy.groups"),
        ({**GROUPED, "groups": [{"name": "A", "weight": 1}] * 2}, "policy.groups"),
        (
            {**GROUPED, "groups": [{"name": "A", "weight": 1, "never_drop": ["1"]}]},
            "policy.groups.0.never_drop",
        ),
    ],
)
def test_a_contradictory_policy_is_refused(change: dict[str, Any], field: str) -> None:
    """Weights under zero, cutoffs out of order, or none above zero, by which nobody could pass:
    when it is published, naming the field."""
    with pytest.raises(ValidationError) as refused:
        DECISIONS["publish-grading-policy"].model.model_validate(
            {"run": RUN_ID, "policy": change if "groups" in change else {**BODY, **change}}
        )
    assert of_validation(refused.value).errors[0].field == field
