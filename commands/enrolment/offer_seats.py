"""How do those who wait get seats that became free while the window was closed?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.facts import SeatOffered
from domain.enrolment.seats import RUN_SEATS, Seats
from domain.enrolment.waitlist import offers


class OfferSeats(Command):
    """Offer every free seat to those who wait, in their order. Sent by the scheduler when a run's
    window opens anew."""

    run: Id


def offer_seats(
    command: OfferSeats, context: Context, seats: Seats, run: Run
) -> Iterator[SeatOffered]:
    """Yield an offer of each free seat, nothing where there is none. Raises RunUnknown."""
    require_run(run, command.run)
    yield from offers(seats, run, context.now)


DECISION = Decision(
    name="offer-seats",
    model=OfferSeats,
    streams=lambda command, tenant: (
        RUN_SEATS.of(tenant, command.run),
        RUN.of(tenant, command.run),
    ),
    decide=offer_seats,
    unconditioned=frozenset({"run"}),
    example={"run": "AAA-2013J"},
)
