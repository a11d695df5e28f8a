"""How does a learner come out of a cohort?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.assessment.grant_extension import answer
from commands.assessment.redecide_lateness import streams, with_consequences
from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.content import Content
from domain.catalogue.rules import require_run
from domain.catalogue.state import Run
from domain.enrolment.facts import CohortLeft
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import Enrolment, EnrolmentFact


class LeaveCohort(Command):
    """Take a learner out of a cohort of the run."""

    run: Id
    subject: Id
    cohort: Id


def leave_cohort(
    command: LeaveCohort, context: Context, enrolment: Enrolment, run: Run, content: Content
) -> Iterator[EnrolmentFact]:
    """Yield it, and how what they handed in is judged now; nothing where it is so already.

    Raises RunUnknown or NotEnrolled.
    """
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    if command.cohort in enrolment.cohorts:
        fact = CohortLeft(command.cohort)
        yield from with_consequences(fact, context.now, enrolment, run, content)


DECISION = Decision(
    name="leave-cohort",
    model=LeaveCohort,
    streams=streams,
    decide=leave_cohort,
    example={"run": "AAA-2013J", "subject": "oulad-11391", "cohort": "evening"},
    answer=answer,
)
