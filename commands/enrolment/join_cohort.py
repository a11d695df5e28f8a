"""How does a learner come into a cohort?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.assessment.grant_extension import answer
from commands.assessment.redecide_lateness import streams, with_consequences
from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.content import Content
from domain.catalogue.rules import require_run
from domain.catalogue.state import Run
from domain.enrolment.facts import CohortJoined
from domain.enrolment.rules import require_active
from domain.enrolment.state import Enrolment, EnrolmentFact


class JoinCohort(Command):
    """Put a learner into a cohort of the run: a group with due dates of its own."""

    run: Id
    subject: Id
    cohort: Id


def join_cohort(
    command: JoinCohort, context: Context, enrolment: Enrolment, run: Run, content: Content
) -> Iterator[EnrolmentFact]:
    """Yield it, and how what they handed in is judged now; nothing where it is so already.

    Raises RunUnknown or NotEnrolled.
    """
    require_run(run, command.run)
    require_active(enrolment, command.run, command.subject)
    if command.cohort not in enrolment.cohorts:
        fact = CohortJoined(command.cohort)
        yield from with_consequences(fact, context.now, enrolment, run, content)


DECISION = Decision(
    name="join-cohort",
    model=JoinCohort,
    streams=streams,
    decide=join_cohort,
    example={"run": "AAA-2013J", "subject": "oulad-11391", "cohort": "evening"},
    answer=answer,
)
