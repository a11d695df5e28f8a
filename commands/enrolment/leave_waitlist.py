"""How does a learner stop waiting for a seat, or decline the one that is offered?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.facts import SeatOffered, WaitlistLeft
from domain.enrolment.seats import RUN_SEATS, Seats
from domain.enrolment.waitlist import offers_after


class LeaveWaitlist(Command):
    """Wait no longer. A seat that was offered goes to the next."""

    run: Id
    subject: Id


def leave_waitlist(
    command: LeaveWaitlist, context: Context, seats: Seats, run: Run
) -> Iterator[WaitlistLeft | SeatOffered]:
    """Yield that the learner left, and whom the seat is offered to; nothing where they wait not.

    Raises RunUnknown.
    """
    require_run(run, command.run)
    if command.subject in seats.waiting or command.subject in seats.offers:
        left = WaitlistLeft(command.subject)
        yield left
        yield from offers_after(left, seats, run, context.now)


DECISION = Decision(
    name="leave-waitlist",
    model=LeaveWaitlist,
    streams=lambda command, tenant: (
        RUN_SEATS.of(tenant, command.run),
        RUN.of(tenant, command.run),
    ),
    decide=leave_waitlist,
    unconditioned=frozenset({"run"}),
    example={"run": "AAA-2013J", "subject": "oulad-28400"},
)
