"""How is a course grade computed?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, RUN_CONTENT, Content, Run
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.grading.counting import scores_of
from domain.grading.facts import (
    CourseFailed,
    CourseGradeComputed,
    CoursePassed,
    LatePenaltyApplied,
    MissingWorkCleared,
    MissingWorkScored,
)
from domain.grading.late import all_penalties, missing_work
from domain.grading.policy import grade
from domain.grading.rules import require_policy
from domain.grading.state import with_result
from domain.kernel import StreamRef


class ComputeGrade(Command):
    """Compute a learner's course grade under the run's grading policy as it stands."""

    run: Id
    subject: Id


def streams(command: ComputeGrade, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment, the run and its content."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
        RUN_CONTENT.of(tenant, command.run),
    )


def compute_grade(
    command: ComputeGrade, context: Context, enrolment: Enrolment, run: Run, content: Content
) -> Iterator[
    LatePenaltyApplied
    | MissingWorkScored
    | MissingWorkCleared
    | CourseGradeComputed
    | CoursePassed
    | CourseFailed
]:
    """Yield the grade where its inputs changed, with penalties and scores of missing
    work that the policy in force judges otherwise than they stand, and a pass or a failure where
    that is new.

    Below the pass mark is a failure only once it had been reached, or from the end of the run on.
    A learner who has left gets a grade, but neither passes nor fails by it. Raises RunUnknown,
    NotEnrolled or GradingPolicyMissing.
    """
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    policy = require_policy(run, command.run)
    results = enrolment.results
    for penalty in all_penalties(run, enrolment.attempts, results):
        yield penalty
        results = with_result(results, penalty)
    for said in missing_work(run, content, enrolment, context.now):
        yield said
        results = with_result(results, said)
    computed = grade(
        policy,
        content.items.values(),
        scores_of(results.counted()),
        run.policy_number,
        results.excused,
    )
    if results.grade is None or results.grade.inputs_hash != computed.inputs_hash:
        yield CourseGradeComputed(
            percent=computed.percent,
            letter=computed.letter,
            exact=computed.exact,
            inputs_hash=computed.inputs_hash,
            policy_number=run.policy_number,
            current_percent=None if computed.current is None else computed.current.percent,
            current_exact=None if computed.current is None else computed.current.exact,
        )
    if not enrolment.active:
        return
    if computed.passed:
        if results.passed is not True:
            yield CoursePassed(computed.percent, "computed")
    elif results.passed is True or (
        results.passed is None and run.ends is not None and context.now >= run.ends
    ):
        yield CourseFailed(computed.percent, "computed")


DECISION = Decision(
    name="compute-grade",
    model=ComputeGrade,
    streams=streams,
    decide=compute_grade,
    example={"run": "AAA-2013J", "subject": "oulad-11391"},
)
