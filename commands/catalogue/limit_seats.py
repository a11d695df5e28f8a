"""How is the number of seats in a run set?"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, OfferHours, Seats
from domain.catalogue.facts import OFFER_HOURS, SeatsLimited
from domain.catalogue.rules import require_run, require_unarchived
from domain.catalogue.state import RUN, Run
from domain.enrolment.facts import SeatOffered, WaitlistLeft
from domain.enrolment.seats import RUN_SEATS, evolve_seats
from domain.enrolment.seats import Seats as SeatsState
from domain.enrolment.waitlist import offers


class LimitSeats(Command):
    """Set the number of seats in a run, or take the limit away.

    A run that had no limit is closed until those who are in have been counted. A number below what
    is taken puts nobody out; it only lets nobody in. Seats that become free are offered to the
    waitlist; without a limit nobody need wait.
    """

    run: Id
    capacity: Seats | None = Field(description="Number of seats; null: no limit.")
    offer_hours: OfferHours | None = Field(
        default=None,
        description="How long a seat is held for the head of the waitlist; absent: as before, "
        f"{OFFER_HOURS} at first.",
    )


def limit_seats(
    command: LimitSeats, context: Context, seats: SeatsState, run: Run
) -> Iterator[SeatsLimited | SeatOffered | WaitlistLeft]:
    """Yield the limit and what follows for those who wait, nothing where it is so already.

    Raises RunUnknown or RunIsArchived.
    """
    require_run(run, command.run)
    hours = seats.offer_hours if command.offer_hours is None else command.offer_hours
    if seats.capacity == command.capacity and (
        seats.capacity is None or seats.offer_hours == hours
    ):
        return
    require_unarchived(run, command.run)
    limited = SeatsLimited(command.run, command.capacity, seats.number + 1, hours)
    yield limited
    if command.capacity is None:
        for subject in (*seats.offers, *seats.waiting):
            yield WaitlistLeft(subject, "no-limit")
    else:
        yield from offers(evolve_seats(seats, limited, context.now), run, context.now)


DECISION = Decision(
    name="limit-seats",
    model=LimitSeats,
    streams=lambda command, tenant: (
        RUN_SEATS.of(tenant, command.run),
        RUN.of(tenant, command.run),
    ),
    decide=limit_seats,
    example={"run": "AAA-2013J", "capacity": 400, "offer_hours": 24},
)
