"""How is a report found to be true?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Reason
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.facts import LearnerWithdrawn
from domain.enrolment.seats import RUN_SEATS, Seats
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.enrolment.waitlist import released
from domain.integrity.consequences import following
from domain.integrity.facts import AttemptVoided, ViolationUpheld
from domain.integrity.rules import ViolationDecided, consequences_of, require_violation
from domain.kernel import Fact, Personal, StreamRef
from domain.peer_review.state import PEER_POOL, Pool
from domain.peer_review.voiding import withdrawn


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


def more(
    command: UpholdViolation, tenant: str, enrolment: Enrolment, *_others: object
) -> tuple[StreamRef[Any], ...]:
    """Name the pool that work on the reported item is in, if peers review it."""
    violation = enrolment.integrity.violations.get(command.violation)
    if violation is None or violation.reported.item is None:
        return ()
    return (PEER_POOL.of(tenant, command.run, violation.reported.item),)


def uphold_violation(
    command: UpholdViolation,
    context: Context,
    enrolment: Enrolment,
    run: Run,
    seats: Seats,
    pool: Pool | None = None,
) -> Iterator[Fact]:
    """Yield the finding, and what follows from it: attempts voided and out of peers' pool, a
    certificate barred, the enrolment ended and its seat offered to who waits; once.

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
        if isinstance(fact, AttemptVoided) and pool is not None:
            yield from withdrawn(pool, fact, command.subject)
        if isinstance(fact, LearnerWithdrawn) and seats.capacity is not None:
            yield from released(seats, run, command.subject, context.now)


DECISION = Decision(
    name="uphold-violation",
    model=UpholdViolation,
    streams=streams,
    decide=uphold_violation,
    more=more,
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "violation": "2013-17",
        "reason": "Admitted in the hearing.",
    },
)
