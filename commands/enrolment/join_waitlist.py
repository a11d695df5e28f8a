"""How does a learner come to wait for a seat of a full run?"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.enrolment.admission import SatisfiedBy, more, require_admission, streams
from commands.fields import Id, ModeName
from domain.catalogue.state import Course, Run
from domain.enrolment.facts import WaitlistJoined
from domain.enrolment.rules import require_counted
from domain.enrolment.seats import Seats
from domain.enrolment.state import Enrolment
from domain.enrolment.waitlist import require_full, require_room
from domain.learners.state import Learner


class JoinWaitlist(Command):
    """Wait for a seat of a full run: first in, first offered."""

    run: Id
    subject: Id = Field(description="The learner's pseudonym.")
    mode: ModeName = "audit"
    satisfied_by: SatisfiedBy = None


def join_waitlist(
    command: JoinWaitlist,
    context: Context,
    enrolment: Enrolment,
    run: Run,
    seats: Seats,
    learner: Learner | None = None,
    course: Course | None = None,
    earlier_run: Run | None = None,
    earlier: Enrolment | None = None,
) -> Iterator[WaitlistJoined]:
    """Yield that the learner waits; nothing where they do, have an offer, or are in.

    Raises what enrolling raises, in its order [Open edX], before it looks for a seat; then
    SeatsBeingCounted, SeatFree or WaitlistFull.
    """
    admitted = require_admission(
        command, context.now, enrolment, run, learner, course, earlier_run, earlier
    )
    if admitted is None or command.subject in seats.waiting or command.subject in seats.offers:
        return
    require_counted(seats, command.run)
    require_full(seats, command.run)
    require_room(seats, command.run)
    yield WaitlistJoined(command.subject, command.mode)


DECISION = Decision(
    name="join-waitlist",
    model=JoinWaitlist,
    streams=streams,
    decide=join_waitlist,
    example={"run": "AAA-2013J", "subject": "oulad-28400", "mode": "verified"},
    more=more,
)
