"""What becomes of an offered seat that was not taken in time?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.due import require_due
from domain.enrolment.facts import SeatOffered, SeatOfferLapsed
from domain.enrolment.seats import RUN_SEATS, Seats
from domain.enrolment.waitlist import offers_after


class LapseOffer(Command):
    """Note that an offer's time has passed, and offer the seat to the next. Sent by the
    scheduler."""

    run: Id
    subject: Id


def lapse_offer(
    command: LapseOffer, context: Context, seats: Seats, run: Run
) -> Iterator[SeatOfferLapsed | SeatOffered]:
    """Yield that the offer lapsed and the next one; nothing where it was taken or declined.

    The next one runs from now on, however late it is: nobody loses a seat to a scheduler that was
    away. Raises RunUnknown or NotDue.
    """
    require_run(run, command.run)
    expires = seats.offers.get(command.subject)
    if expires is None:
        return
    require_due(expires, context.now, f"Learner {command.subject} has the offer")
    lapsed = SeatOfferLapsed(command.subject, expires)
    yield lapsed
    yield from offers_after(lapsed, seats, run, context.now)


DECISION = Decision(
    name="lapse-offer",
    model=LapseOffer,
    streams=lambda command, tenant: (
        RUN_SEATS.of(tenant, command.run),
        RUN.of(tenant, command.run),
    ),
    decide=lapse_offer,
    unconditioned=frozenset({"run"}),
    example={"run": "AAA-2013J", "subject": "oulad-28400"},
)
