"""How is work that is in judged anew when a due date has moved?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.assessment.dates import redecided
from domain.assessment.handing_in import deadlines_moved
from domain.assessment.state import with_lateness
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import ENROLMENT, Enrolment, EnrolmentFact, evolve_enrolment
from domain.grading.late import all_penalties, missing_work
from domain.kernel import StreamRef


class RedecideLateness(Command):
    """Judge all that a learner handed in by the due dates that count now."""

    run: Id
    subject: Id


def streams(command: Any, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment, the run and its content."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
        RUN_CONTENT.of(tenant, command.run),
    )


def redecide_lateness(
    command: RedecideLateness, context: Context, enrolment: Enrolment, run: Run, content: Content
) -> Iterator[EnrolmentFact]:
    """Yield how each attempt is judged now, where that is otherwise than before.

    Raises RunUnknown or NotEnrolled.
    """
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    yield from consequences(enrolment, run, content, context.now)


def consequences(
    enrolment: Enrolment, run: Run, content: Content, now: datetime
) -> Iterator[EnrolmentFact]:
    """Yield what follows from the dates and terms that count now, for what was handed in, for what
    is missing, and for attempts under way.

    Stale penalties after a change of dates are a complaint elsewhere (Submitty#665) [Canvas-like
    systems]: each attempt that is judged otherwise has its penalty judged again beside it, and so
    has missing work.
    """
    attempts = enrolment.attempts
    for judged in redecided(content, run, enrolment):
        yield judged
        attempts = with_lateness(attempts, judged)
    yield from all_penalties(run, attempts, enrolment.results)
    yield from deadlines_moved(enrolment)
    yield from missing_work(run, content, enrolment, now)


def with_consequences(
    fact: EnrolmentFact, at: datetime, enrolment: Enrolment, run: Run, content: Content
) -> Iterator[EnrolmentFact]:
    """Yield a fact that moves a learner's due dates, and what follows from it, in one decision."""
    yield fact
    yield from consequences(evolve_enrolment(enrolment, fact, at), run, content, at)


DECISION = Decision(
    name="redecide-lateness",
    model=RedecideLateness,
    streams=streams,
    decide=redecide_lateness,
    example={"run": "AAA-2013J", "subject": "oulad-11391"},
)
