"""How is a course grade computed?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id
from commands.grading.grade_submission import batch_of
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.grading.computing import as_fact, course_grade, turns
from domain.grading.regrade import Regrade, raises_grade, require_regrade
from domain.grading.rules import require_policy
from domain.grading.state import GradingFact
from domain.kernel import StreamRef


class ComputeGrade(Command):
    """Compute a learner's course grade under the run's grading policy as it stands."""

    run: Id
    subject: Id
    regrade: Id | None = Field(
        default=None, description="The batch of regrades that this is part of."
    )


def streams(command: ComputeGrade, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment, the run and its content."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
        RUN_CONTENT.of(tenant, command.run),
    )


def compute_grade(
    command: ComputeGrade,
    context: Context,
    enrolment: Enrolment,
    run: Run,
    content: Content,
    regrade: Regrade | None = None,
) -> Iterator[GradingFact]:
    """Yield the grade where its inputs changed, with penalties and scores of missing
    work that the policy in force judges otherwise than they stand, and a pass or a failure where
    that is new.

    Below the pass mark is a failure only once it had been reached, or from the end of the run on.
    A learner who has left gets a grade, but neither passes nor fails by it. In a batch of regrades
    that is only to raise grades, one that is not higher is nothing [Open edX]. Raises RunUnknown,
    NotEnrolled, RegradeUnknown, RegradeIsCompleted or GradingPolicyMissing.
    """
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    only_if_higher = False
    if command.regrade is not None and regrade is not None:
        only_if_higher = require_regrade(regrade, command.run, command.regrade).only_if_higher
    policy = require_policy(run, command.run)
    computed = course_grade(policy, run, content, enrolment, context.now)
    new = as_fact(computed.grade, run.policy_number, command.regrade)
    standing = enrolment.results.grade
    if only_if_higher and not raises_grade(enrolment.results, new, policy):
        return
    yield from computed.judged
    if standing is None or standing.inputs_hash != new.inputs_hash:
        yield new
    yield from turns(run, enrolment, computed.grade, context.now)


DECISION = Decision(
    name="compute-grade",
    model=ComputeGrade,
    streams=streams,
    decide=compute_grade,
    more=batch_of,
    example={"run": "AAA-2013J", "subject": "oulad-11391"},
)
