"""How is a run of a course announced?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, model_validator

from commands.catalogue.dates import RunDates
from commands.decision import Context, Decision
from commands.fields import Contradiction, Days, Id, Modes, Seats, Title, Weeks
from domain.catalogue.facts import REFUND_DAYS, RunScheduled, SeatsCounted, SeatsLimited
from domain.catalogue.rules import RunExists, require_course
from domain.catalogue.state import COURSE, RUN, Course, Run
from domain.enrolment.seats import RUN_SEATS
from domain.enrolment.seats import Seats as SeatsState


class ScheduleRun(RunDates):
    """Announce a presentation of a course: its dates, seats and modes."""

    run: Id = Field(description="The id of the run, for ever.")
    course: Id
    title: Title
    capacity: Seats | None = Field(default=None, description="Number of seats; absent: no limit.")
    modes: Modes = Field(default=("audit",), min_length=1, description="How it can be taken.")
    certificate_modes: Modes = Field(
        default=(), description="The modes in which a certificate can be earned."
    )
    carry_progress: Annotated[bool, Field(strict=True)] = Field(
        default=True, description="Whether a learner who comes back goes on where they left."
    )
    weeks_to_complete: Weeks | None = Field(
        default=None,
        description="In how many weeks it can be completed: who audits it has access for so long, "
        "but for at least 4 and at most 18; absent: for ever.",
    )
    refund_days: Days = Field(
        default=REFUND_DAYS,
        description="For how many days after order or start money is given back.",
    )

    @model_validator(mode="after")
    def _modes_offered(self) -> Self:
        if len(set(self.modes)) < len(self.modes):
            raise Contradiction("modes", "names one twice")
        if not set(self.certificate_modes) <= set(self.modes):
            raise Contradiction("certificate_modes", "names a mode that modes does not")
        return self


def schedule_run(
    command: ScheduleRun, _context: Context, run: Run, course: Course, _seats: SeatsState
) -> Iterator[RunScheduled | SeatsLimited | SeatsCounted]:
    """Yield the run, and its seats where they are limited: nobody is in yet.

    Raises CourseUnknown or RunExists.
    """
    fact = RunScheduled(
        run=command.run,
        course=command.course,
        title=command.title,
        starts=command.starts,
        ends=command.ends,
        opens=command.opens,
        closes=command.closes,
        capacity=command.capacity,
        modes=command.modes,
        certificate_modes=command.certificate_modes,
        carry_progress=command.carry_progress,
        weeks_to_complete=command.weeks_to_complete,
        refund_days=command.refund_days,
    )
    if run.scheduled == fact:
        return
    require_course(course, command.course)
    if run.scheduled is not None:
        raise RunExists(
            f"Run {command.run} was scheduled already, as “{run.scheduled.title}”.",
            run=command.run,
            existing_course=run.scheduled.course,
            existing_title=run.scheduled.title,
        )
    yield fact
    if command.capacity is not None:
        yield SeatsLimited(command.run, command.capacity, number=1)
        yield SeatsCounted(command.run, taken=(), at_position=0, number=1)


DECISION = Decision(
    name="schedule-run",
    model=ScheduleRun,
    streams=lambda command, tenant: (
        RUN.of(tenant, command.run),
        COURSE.of(tenant, command.course),
        RUN_SEATS.of(tenant, command.run),
    ),
    decide=schedule_run,
    example={
        "run": "AAA-2013J",
        "course": "AAA",
        "title": "Module AAA, October 2013",
        "starts": "2013-10-01T00:00:00Z",
        "ends": "2014-06-26T00:00:00Z",
        "capacity": 500,
        "modes": ["audit", "verified"],
        "certificate_modes": ["verified"],
    },
)
