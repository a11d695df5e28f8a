"""How does a run open again after its seats were limited?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Position
from domain.catalogue.facts import SeatsCounted
from domain.catalogue.rules import SeatsNotLimited, require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.seats import RUN_SEATS, Seats

TAKEN_MAX = 100_000
LIMITS_MAX = 1_000_000


class CountSeats(Command):
    """Record who was in a run when its seats became limited. Sent by the policy that counts."""

    run: Id
    number: Annotated[int, Field(strict=True, ge=1, le=LIMITS_MAX)] = Field(
        description="The number of the SeatsLimited that this answers."
    )
    at_position: Position = Field(
        description="The position of the log, not before that limit, at which was counted."
    )
    taken: Annotated[tuple[Id, ...], Field(max_length=TAKEN_MAX)] = Field(
        description="Who was in at that position."
    )


def count_seats(
    command: CountSeats, _context: Context, seats: Seats, run: Run
) -> Iterator[SeatsCounted]:
    """Yield the count, nothing where seats are counted or a later limit wants its own count.

    Raises RunUnknown or SeatsNotLimited.
    """
    require_run(run, command.run)
    if command.number < seats.number:
        return
    if command.number > seats.number or seats.capacity is None:
        raise SeatsNotLimited(
            f"Run {command.run} has no limit of number {command.number} on its seats.",
            run=command.run,
            number=command.number,
            capacity=seats.capacity,
        )
    if not seats.counted:
        yield SeatsCounted(
            command.run, tuple(sorted(set(command.taken))), command.at_position, command.number
        )


DECISION = Decision(
    name="count-seats",
    model=CountSeats,
    streams=lambda command, tenant: (
        RUN_SEATS.of(tenant, command.run),
        RUN.of(tenant, command.run),
    ),
    decide=count_seats,
    unconditioned=frozenset({"run"}),
    example={"run": "AAA-2013J", "number": 1, "at_position": 812, "taken": ["oulad-11391"]},
)
