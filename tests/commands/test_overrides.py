"""Can people set scores and excuse learners, and take it back?"""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from commands.register import DECISIONS
from domain.assessment.facts import SubmissionReceived
from domain.assessment.rules import ItemNotSubmittable
from domain.catalogue.facts import (
    Category,
    Cutoff,
    GradingPolicyPublished,
    Item,
    LatePolicy,
    WeightedPolicy,
)
from domain.catalogue.rules import ItemUnknown, RunUnknown
from domain.enrolment.facts import LearnerWithdrawn
from domain.enrolment.rules import NotEnrolled
from domain.grading.facts import (
    CourseGradeComputed,
    ExcuseWithdrawn,
    ItemExcused,
    LatePenaltyApplied,
    OverrideRemoved,
    ScoreOverridden,
    SubmissionGraded,
)
from domain.grading.rules import ScoreOutOfRange
from domain.kernel import Personal
from tests.given import ENROLLED, LEARNER, RUN_ID, RUNNING, TMA, Record, content, given

WHY: Any = Personal(value="Misread")
ITEM = {**LEARNER, "item": "1752", "reason": "Misread"}
LATE = (
    GradingPolicyPublished(
        RUN_ID,
        1,
        WeightedPolicy((Category("TMA", "1"),), (Cutoff("Pass", 40),)),
        LatePolicy("10"),
    ),
    SubmissionReceived("1752", "1", 1, 1, TMA.due, 86_400),
    SubmissionGraded("1752", "1", "60", "100", "g"),
    LatePenaltyApplied("1752", "1", "60", "100", "10", 86_400, 1, 1),
)


def percent(record: Record) -> int:
    """Compute the grade."""
    (fact,) = (
        fact
        for fact in record.when("compute-grade", **LEARNER).facts
        if isinstance(fact, CourseGradeComputed)
    )
    return fact.percent


def test_an_override_is_final_until_it_is_removed() -> None:
    """Old, new and reason are kept; no penalty touches it; removing it restores what was computed.

    Source: rules.md, course grade.
    """
    record = given(*ENROLLED, *LATE)
    assert percent(record) == 50
    record.when("override-score", **ITEM, score="45").then(
        ScoreOverridden("1752", "45", "100", "50", "100", WHY)
    )
    assert percent(record) == 45
    record.when("grade-submission", **LEARNER, item="1752", attempt="1", raw=100, grader="g")
    record.when("compute-grade", **LEARNER).nothing()
    record.when("remove-override", **ITEM).then(
        OverrideRemoved("1752", "45", "100", "90.00", "100", WHY)
    )
    assert percent(record) == 90
    record.when("remove-override", **ITEM).nothing()


def test_an_override_needs_no_attempt() -> None:
    """Where there was no score, there is none to restore either."""
    record = given(*ENROLLED)
    record.when("override-score", **ITEM, score=7, possible=10).then(
        ScoreOverridden("1752", "7", "10", reason=WHY)
    )
    record.when("override-score", **ITEM, score="7.0", possible="10").nothing()
    record.when("override-score", **ITEM, score=8, possible=10).then(
        ScoreOverridden("1752", "8", "10", "7", "10", WHY)
    )
    record.when("remove-override", **ITEM).then(OverrideRemoved("1752", "8", "10", reason=WHY))


@pytest.mark.parametrize("command", ["override-score", "remove-override"])
@pytest.mark.parametrize("wrong", [{}, {"reason": ""}])
def test_an_override_without_a_reason_is_malformed(command: str, wrong: dict[str, str]) -> None:
    """Set or removed. Source: rules.md, course grade."""
    body = {**LEARNER, "item": "1752"} | ({"score": "45"} if command == "override-score" else {})
    with pytest.raises(ValidationError, match="reason"):
        DECISIONS[command].model.model_validate({**body, **wrong})


def test_what_cannot_be_overridden() -> None:
    """Named by a rule: run, learner, item, kind of item, scale."""
    record = given(*ENROLLED)
    for wrong, rule in (
        ({"run": "AAA-1999J"}, RunUnknown),
        ({"subject": "nobody"}, NotEnrolled),
        ({"item": "9"}, ItemUnknown),
        ({"item": "v1"}, ItemNotSubmittable),
        ({"score": 101}, ScoreOutOfRange),
    ):
        record.when("override-score", **{**ITEM, "score": 5, **wrong}).refused(rule)
    left = given(*ENROLLED, LearnerWithdrawn())
    assert left.when("override-score", **ITEM, score=5).facts


def test_an_excused_item_does_not_count() -> None:
    """The grade is that of the other items; once it counts again, nothing is a zero again."""
    two = content(TMA, Item("q", "quiz", "Q", category="TMA"), number=2)
    record = given(*ENROLLED, two, *LATE)
    assert percent(record) == 25
    record.when("excuse-item", **{**ITEM, "item": "q"}).then(ItemExcused("q", WHY))
    record.when("excuse-item", **{**ITEM, "item": "q"}).nothing()
    assert percent(record) == 50
    record.when("withdraw-excuse", **{**ITEM, "item": "q"}).then(ExcuseWithdrawn("q", WHY))
    record.when("withdraw-excuse", **{**ITEM, "item": "q"}).nothing()
    assert percent(record) == 25


def test_who_and_what_can_be_excused() -> None:
    """A learner of the run, from an item that takes work."""
    record = given(*ENROLLED)
    record.when("excuse-item", **{**ITEM, "item": "9"}).refused(ItemUnknown)
    record.when("excuse-item", **{**ITEM, "item": "v1"}).refused(ItemNotSubmittable)
    for command in ("excuse-item", "withdraw-excuse", "remove-override"):
        given(*RUNNING).when(command, **ITEM).refused(NotEnrolled)
        record.when(command, **{**ITEM, "run": "AAA-1999J"}).refused(RunUnknown)
