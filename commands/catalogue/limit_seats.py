"""How is the number of seats in a run set?"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Seats
from domain.catalogue.facts import SeatsLimited
from domain.catalogue.rules import require_run, require_unarchived
from domain.catalogue.state import RUN, RUN_SEATS, Run
from domain.catalogue.state import Seats as SeatsState


class LimitSeats(Command):
    """Set the number of seats in a run, or take the limit away.

    A run that had no limit is closed until those who are in have been counted. A number below what
    is taken puts nobody out; it only lets nobody in.
    """

    run: Id
    capacity: Seats | None = Field(description="Number of seats; null: no limit.")


def limit_seats(
    command: LimitSeats, _context: Context, seats: SeatsState, run: Run
) -> Iterator[SeatsLimited]:
    """Yield the limit, nothing where it is so already. Raises RunUnknown or RunIsArchived."""
    require_run(run, command.run)
    if seats.capacity == command.capacity:
        return
    require_unarchived(run, command.run)
    yield SeatsLimited(command.run, command.capacity, seats.number + 1)


DECISION = Decision(
    name="limit-seats",
    model=LimitSeats,
    streams=lambda command, tenant: (
        RUN_SEATS.of(tenant, command.run),
        RUN.of(tenant, command.run),
    ),
    decide=limit_seats,
    example={"run": "AAA-2013J", "capacity": 400},
)
