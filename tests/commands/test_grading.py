"""Which scores, grades and outcomes are recorded?"""

from __future__ import annotations

from datetime import datetime
from typing import Any, get_args

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
    WeightedPolicy,
)
from domain.catalogue.rules import ItemUnknown, RunUnknown
from domain.enrolment.facts import EnrolmentTransferred, LearnerWithdrawn
from domain.enrolment.rules import NotEnrolled
from domain.grading.facts import (
    CourseFailed,
    CourseGradeComputed,
    CoursePassed,
    OutcomeRecorded,
    Result,
    ResultTransferred,
    SubmissionGraded,
)
from domain.grading.rules import (
    AttemptUnknown,
    GradingPolicyMissing,
    LearnerLeft,
    ScoreOutOfRange,
)
from tests.given import ENROLLED, LEARNER, RUN_ID, RUNNING, Record, content, day, given

SUBMITTED = (*ENROLLED, SubmissionReceived("1752", "1", 1, 1))
GRADE = {**LEARNER, "item": "1752", "attempt": "1", "grader": "tutor-1"}


@pytest.mark.parametrize(
    ("raw", "stored"),
    [(78, "78"), ("78.50", "78.50"), (78.35, "78.35"), (0, "0"), ("-0", "0"), ("1e2", "100")],
)
def test_a_score_is_an_exact_decimal(raw: Any, stored: str) -> None:
    """A number or a text; it is kept as it was written, never as a float."""
    given(*SUBMITTED).when("grade-submission", **GRADE, raw=raw).then(
        SubmissionGraded("1752", "1", stored, "100", "tutor-1")
    )


@pytest.mark.parametrize(
    "raw", [None, True, "NaN", "inf", -1, "1/3", "0.1234567", "1" * 13, [], "x"]
)
def test_what_is_no_score_is_malformed(raw: Any) -> None:
    """Finite, not negative, at most 12 digits and 6 places."""
    with pytest.raises(ValidationError):
        DECISIONS["grade-submission"].model.model_validate({**GRADE, "raw": raw})


def test_the_same_score_again_changes_nothing() -> None:
    """Equal as a number, however it is written; another score is a regrade."""
    record = given(*SUBMITTED, SubmissionGraded("1752", "1", "78.5", "100", "tutor-1"))
    record.when("grade-submission", **GRADE, raw="78.50", possible="100.0").nothing()
    record.when("grade-submission", **GRADE, raw=80, grader_version="2").then(
        SubmissionGraded("1752", "1", "80", "100", "tutor-1", "2")
    )


def test_a_score_lies_on_its_scale() -> None:
    """0 <= raw <= possible, of the version the attempt is pinned to or of the grader's scale."""
    record = given(*ENROLLED, SubmissionReceived("1752", "1", 1, 1, possible="40"))
    record.take(content(Item("1752", "quiz", "Q", possible="90"), number=2))
    record.when("grade-submission", **GRADE, raw="40.01").refused(
        ScoreOutOfRange, raw="40.01", possible="40"
    )
    record.when("grade-submission", **GRADE, raw=11, possible=10).refused(ScoreOutOfRange)
    record.when("grade-submission", **GRADE, raw=10, possible=10).then(
        SubmissionGraded("1752", "1", "10", "10", "tutor-1")
    )


def test_only_what_was_handed_in_is_graded() -> None:
    """An unknown run, learner, item or attempt is a refusal."""
    record = given(*SUBMITTED)
    for wrong, rule in (
        ({"run": "AAA-1999J"}, RunUnknown),
        ({"subject": "nobody"}, NotEnrolled),
        ({"item": "9"}, AttemptUnknown),
        ({"attempt": "9"}, AttemptUnknown),
    ):
        record.when("grade-submission", **{**GRADE, **wrong}, raw=1).refused(rule)


def test_work_is_graded_after_leaving() -> None:
    """What was handed in before a withdrawal can still be graded."""
    given(*SUBMITTED, LearnerWithdrawn()).when("grade-submission", **GRADE, raw=1).then(
        SubmissionGraded("1752", "1", "1", "100", "tutor-1")
    )


BANK = {**LEARNER, "item": "1752", "possible": 100, "from_run": "AAA-2012J"}


def test_a_result_is_carried_over() -> None:
    """A carried result may be unknown; the same again is nothing, another one corrects it."""
    record = given(*ENROLLED)
    record.when("transfer-result", **BANK).then(ResultTransferred("1752", None, "100", "AAA-2012J"))
    record.when("transfer-result", **BANK).nothing()
    record.when("transfer-result", **BANK, raw="60.0").then(
        ResultTransferred("1752", "60.0", "100", "AAA-2012J")
    )
    record.when("transfer-result", **BANK, raw=60).nothing()
    record.when("transfer-result", **BANK, raw=101).refused(ScoreOutOfRange)
    record.when("transfer-result", **{**BANK, "item": "9"}).refused(ItemUnknown)
    record.when("transfer-result", **{**BANK, "item": "546614"}).refused(ItemNotSubmittable)
    given(*RUNNING).when("transfer-result", **BANK).refused(NotEnrolled)


@pytest.mark.parametrize("result", get_args(Result))
def test_the_board_decides_and_corrects(result: Result) -> None:
    """Any outcome for a learner who is in; the same again is nothing, another one corrects it."""
    record = given(*ENROLLED)
    record.when("record-outcome", **LEARNER, result=result).then(OutcomeRecorded(result))
    record.when("record-outcome", **LEARNER, result=result).nothing()
    other: Result = "fail" if result != "fail" else "pass"
    record.when("record-outcome", **LEARNER, result=other).then(OutcomeRecorded(other))


@pytest.mark.parametrize(
    "left", [LearnerWithdrawn(), EnrolmentTransferred("out", RUN_ID, "AAA-2014J", ())]
)
def test_who_left_has_not_passed(left: Any) -> None:
    """A learner who has left can have failed or withdrawn, not passed."""
    record = given(*ENROLLED, left)
    for result in ("pass", "distinction"):
        record.when("record-outcome", **LEARNER, result=result).refused(LearnerLeft, result=result)
    for result in ("fail", "withdrawn"):
        assert record.when("record-outcome", **LEARNER, result=result).facts


def test_the_board_decides_on_learners_of_the_run() -> None:
    """Somebody who was never enrolled has no outcome."""
    given(*RUNNING).when("record-outcome", **LEARNER, result="fail").refused(NotEnrolled)


MID_RUN = day(50)
POLICY = GradingPolicyPublished(
    RUN_ID, 3, WeightedPolicy((Category("TMA", "1"),), (Cutoff("Pass", 40),))
)


def scored(raw: str, attempt: str = "1") -> tuple[SubmissionReceived, SubmissionGraded]:
    """An attempt with a score out of 100."""
    return (
        SubmissionReceived("1752", attempt, 1, 1),
        SubmissionGraded("1752", attempt, raw, "100", "g"),
    )


def percent_of(record: Record, at: datetime = MID_RUN) -> tuple[int, list[str]]:
    """Compute the grade; return the percent and the names of all facts."""
    answer = record.when("compute-grade", at, **LEARNER)
    (computed,) = (fact for fact in answer.facts if isinstance(fact, CourseGradeComputed))
    return computed.percent, [type(fact).__name__ for fact in answer.facts]


def test_a_grade_is_computed_once_for_its_inputs() -> None:
    """The same inputs decide nothing; the fact carries policy, exact share and inputs' hash."""
    record = given(*ENROLLED, POLICY, *scored("39.45"))
    answer = record.when("compute-grade", **LEARNER)
    computed, passed = answer.facts
    assert isinstance(computed, CourseGradeComputed)
    assert (computed.percent, computed.letter, computed.exact) == (40, "Pass", "789/2000")
    assert (computed.policy_number, len(computed.inputs_hash)) == (3, 64)
    assert passed == CoursePassed(40, "computed")
    record.when("compute-grade", **LEARNER).nothing()


def test_another_policy_is_another_input() -> None:
    """A grade under a new policy number is computed again, even where nothing else changed."""
    record = given(*ENROLLED, POLICY, *scored("50"))
    percent_of(record)
    record.take(GradingPolicyPublished(RUN_ID, 4, POLICY.policy))
    assert percent_of(record) == (50, ["CourseGradeComputed"])


def test_the_best_result_counts() -> None:
    """Of all attempts and of what was carried over, each with its latest score."""
    record = given(*ENROLLED, POLICY, *scored("50"), *scored("90", "2"), *scored("70", "3"))
    assert percent_of(record)[0] == 90
    record.take(SubmissionGraded("1752", "2", "30", "100", "g"))
    assert percent_of(record)[0] == 70
    record.take(ResultTransferred("1752", "19", "20"))
    assert percent_of(record)[0] == 95
    record.take(ResultTransferred("1752", None, "20"))
    assert percent_of(record)[0] == 70


def test_passing_and_failing_are_turns() -> None:
    """A grade that falls below the pass mark fails; below it from the start, only at the end."""
    record = given(*ENROLLED, POLICY, *scored("10"))
    assert percent_of(record) == (10, ["CourseGradeComputed"])
    record.when("compute-grade", day(268), **LEARNER).nothing()
    record.when("compute-grade", day(269, 0), **LEARNER).then(CourseFailed(10, "computed"))
    record.when("compute-grade", day(269, 0), **LEARNER).nothing()
    record.take(SubmissionGraded("1752", "1", "60", "100", "g"))
    assert percent_of(record) == (60, ["CourseGradeComputed", "CoursePassed"])
    record.take(SubmissionGraded("1752", "1", "20", "100", "g"))
    assert percent_of(record) == (20, ["CourseGradeComputed", "CourseFailed"])


def test_who_left_is_graded_but_does_not_pass() -> None:
    """A computed grade after a withdrawal is neither a pass nor a failure."""
    record = given(*ENROLLED, POLICY, *scored("90"), LearnerWithdrawn())
    assert percent_of(record, day(300)) == (90, ["CourseGradeComputed"])


def test_a_grade_needs_a_policy() -> None:
    """Without a grading policy there is nothing to compute by; nor for who never enrolled."""
    given(*ENROLLED).when("compute-grade", **LEARNER).refused(GradingPolicyMissing, run=RUN_ID)
    given(*RUNNING, POLICY).when("compute-grade", **LEARNER).refused(NotEnrolled)
