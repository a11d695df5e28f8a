"""How does a learner get into a run?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from commands.decision import Command, Context, Decision
from commands.fields import Count, Id, Label, ModeName
from domain.catalogue.rules import require_run, require_unarchived
from domain.catalogue.state import COURSE, RUN, RUN_SEATS, Course, Run, Seats
from domain.enrolment.facts import Demographics, LearnerEnrolled, SeatTaken
from domain.enrolment.rules import (
    AlreadyEnrolled,
    require_mode,
    require_prerequisite,
    require_seat,
    require_window,
)
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.kernel import Personal, StreamRef

STUDIED_CREDITS_MAX = 10_000


class DemographicsBody(BaseModel):
    """What a learner tells about themselves. Kept encrypted; what is unknown is left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gender: Label | None = None
    region: Label | None = None
    highest_education: Label | None = None
    imd_band: Label | None = None
    age_band: Label | None = None
    disability: Annotated[bool, Field(strict=True)] | None = None
    previous_attempts: Count | None = None
    studied_credits: Annotated[int, Field(strict=True, ge=0, le=STUDIED_CREDITS_MAX)] | None = None

    def as_personal(self) -> Personal[Demographics]:
        """Return it as facts hold it, before it is sealed."""
        return Personal(value=Demographics(**dict(self)))


class EnrolLearner(Command):
    """Enrol a learner in a run."""

    run: Id
    subject: Id = Field(description="The learner's pseudonym.")
    mode: ModeName = "audit"
    satisfied_by: Id | None = Field(
        default=None,
        description="Where the course has a prerequisite: the run in which it was met.",
    )
    demographics: DemographicsBody | None = None
    day_known: Annotated[bool, Field(strict=True)] = Field(
        default=True, description="false: the source does not know when, and the time is a bound."
    )


def streams(command: EnrolLearner, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment, the run and its seats."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
        RUN_SEATS.of(tenant, command.run),
    )


def more(
    command: EnrolLearner, tenant: str, enrolment: Enrolment, run: Run, _seats: Seats
) -> tuple[StreamRef[Any], ...]:
    """Name the run's course, and where the learner says that its prerequisite was met."""
    if run.scheduled is None or enrolment.active:
        return ()
    course = COURSE.of(tenant, run.scheduled.course)
    if command.satisfied_by is None or command.satisfied_by == command.run:
        return (course,)
    return (
        course,
        RUN.of(tenant, command.satisfied_by),
        ENROLMENT.of(tenant, command.satisfied_by, command.subject, subject=command.subject),
    )


def enrol_learner(
    command: EnrolLearner,
    context: Context,
    enrolment: Enrolment,
    run: Run,
    seats: Seats,
    course: Course | None = None,
    earlier_run: Run | None = None,
    earlier: Enrolment | None = None,
) -> Iterator[LearnerEnrolled | SeatTaken]:
    """Yield the enrolment, and the seat where seats are limited.

    Raises, in this order [Open edX], RunUnknown, AlreadyEnrolled, RunIsArchived, WindowClosed,
    PrerequisiteUnmet, ModeNotOffered, SeatsBeingCounted or RunFull.
    """
    scheduled = require_run(run, command.run)
    if enrolment.active:
        if enrolment.mode == command.mode:
            return
        raise AlreadyEnrolled(
            f"Learner {command.subject} is in run {command.run} already, in mode {enrolment.mode}.",
            run=command.run,
            subject=command.subject,
            mode=enrolment.mode,
        )
    require_unarchived(run, command.run)
    require_window(run, command.run, context.now)
    satisfied_by = None
    if course is not None and course.prerequisite is not None:
        require_prerequisite(course.prerequisite, command.satisfied_by, earlier_run, earlier)
        satisfied_by = command.satisfied_by
    require_mode(scheduled, command.mode)
    require_seat(seats, command.run)
    limited = seats.capacity is not None
    yield LearnerEnrolled(
        mode=command.mode,
        seat=limited,
        satisfied_by=satisfied_by,
        day_known=command.day_known,
        afresh=enrolment.standing != "none" and not scheduled.carry_progress,
        demographics=None if command.demographics is None else command.demographics.as_personal(),
    )
    if limited:
        yield SeatTaken(command.subject)


DECISION = Decision(
    name="enrol-learner",
    model=EnrolLearner,
    streams=streams,
    decide=enrol_learner,
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "mode": "verified",
        "demographics": {
            "gender": "M",
            "region": "East Anglian Region",
            "highest_education": "HE Qualification",
            "imd_band": "90-100%",
            "age_band": "55<=",
            "disability": False,
            "previous_attempts": 0,
            "studied_credits": 240,
        },
    },
    more=more,
)
