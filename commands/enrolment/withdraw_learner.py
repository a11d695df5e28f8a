"""How does a learner leave a run?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Text
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.facts import LearnerWithdrawn, SeatOffered, SeatReleased
from domain.enrolment.rules import require_active
from domain.enrolment.seats import RUN_SEATS, Seats
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.enrolment.waitlist import released
from domain.kernel import Personal, StreamRef


class WithdrawLearner(Command):
    """Take a learner out of a run. What was achieved stays in the record."""

    run: Id
    subject: Id
    reason: Text | None = Field(default=None, description="Kept encrypted.")


def streams(command: WithdrawLearner, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment, the run and its seats."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
        RUN_SEATS.of(tenant, command.run),
    )


def withdraw_learner(
    command: WithdrawLearner, context: Context, enrolment: Enrolment, run: Run, seats: Seats
) -> Iterator[LearnerWithdrawn | SeatReleased | SeatOffered]:
    """Yield the withdrawal, and where seats are limited the seat, offered to who waits; once.

    Raises RunUnknown or NotEnrolled.
    """
    require_run(run, command.run)
    if enrolment.standing == "withdrawn":
        return
    require_active(enrolment, command.run, command.subject)
    yield LearnerWithdrawn(None if command.reason is None else Personal(value=command.reason))
    if seats.capacity is not None:
        yield from released(seats, run, command.subject, context.now)


DECISION = Decision(
    name="withdraw-learner",
    model=WithdrawLearner,
    streams=streams,
    decide=withdraw_learner,
    unconditioned=frozenset({"run"}),
    example={"run": "AAA-2013J", "subject": "oulad-11391", "reason": "Moved abroad."},
)
