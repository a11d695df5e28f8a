"""How is the exam board's decision recorded?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.grading.facts import OutcomeRecorded, Result
from domain.grading.rules import require_possible_outcome
from domain.kernel import StreamRef


class RecordOutcome(Command):
    """Record the exam board's decision. It counts over any computed grade."""

    run: Id
    subject: Id
    result: Result


def streams(command: RecordOutcome, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment and the run."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
    )


def record_outcome(
    command: RecordOutcome, _context: Context, enrolment: Enrolment, run: Run
) -> Iterator[OutcomeRecorded]:
    """Yield the decision, nothing where it stands.

    Raises RunUnknown, NotEnrolled or LearnerLeft.
    """
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    if enrolment.results.outcome == command.result:
        return
    if not enrolment.active:
        require_possible_outcome(command.result, command.run, command.subject)
    yield OutcomeRecorded(command.result)


DECISION = Decision(
    name="record-outcome",
    model=RecordOutcome,
    streams=streams,
    decide=record_outcome,
    unconditioned=frozenset({"run"}),
    example={"run": "AAA-2013J", "subject": "oulad-11391", "result": "pass"},
)
