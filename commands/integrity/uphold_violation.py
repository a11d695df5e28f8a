"""How is a report found to be true?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Reason
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, RUN_SEATS, Run, Seats
from domain.enrolment.facts import LearnerWithdrawn
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.enrolment.waitlist import released
from domain.integrity.consequences import following
from domain.integrity.facts import ViolationUpheld
from domain.integrity.rules import ViolationDecided, consequences_of, require_violation
from domain.kernel import Fact, Personal, StreamRef


class UpholdViolation(Command):
    """Find that a report is true. What the run's policy says for its kind follows at once."""

    run: Id
    subject: Id
    violation: Id
    reason: Reason = Field(description="Kept encrypted.")


def streams(command: UpholdViolation, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment, the run and its seats."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
        RUN_SEATS.of(tenant, command.run),
    )


def uphold_violation(
    command: UpholdViolation, context: Context, enrolment: Enrolment, run: Run, seats: Seats
) -> Iterator[Fact]:
    """Yield the finding, and what follows from it: attempts voided, a certificate barred, the
    enrolment ended and its seat offered to who waits; once.

    Raises RunUnknown, ViolationUnknown or ViolationDecided.
    """
    require_run(run, command.run)
    violation = require_violation(
        enrolment.integrity, command.violation, command.run, command.subject
    )
    if violation.finding == "upheld":
        return
    if violation.finding == "dismissed":
        raise ViolationDecided(
            f"Violation {command.violation} of learner {command.subject} was dismissed.",
            run=command.run,
            subject=command.subject,
            violation=command.violation,
        )
    consequences = consequences_of(run.integrity, violation.reported.kind)
    yield ViolationUpheld(
        command.violation, consequences, run.integrity_number, Personal(value=command.reason)
    )
    for fact in following(enrolment, violation.reported, consequences):
        yield fact
        if isinstance(fact, LearnerWithdrawn) and seats.capacity is not None:
            yield from released(seats, run, command.subject, context.now)


DECISION = Decision(
    name="uphold-violation",
    model=UpholdViolation,
    streams=streams,
    decide=uphold_violation,
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "violation": "2013-17",
        "reason": "Admitted in the hearing.",
    },
)
