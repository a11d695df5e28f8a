"""How does a learner get into a run?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from commands.decision import Command, Context, Decision
from commands.enrolment import admission
from commands.fields import Count, Id, Label, ModeName
from domain.assessment.dates import relative_dues
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.state import Course, Run
from domain.enrolment.facts import Demographics, LearnerEnrolled, SeatTaken
from domain.enrolment.rules import require_seat
from domain.enrolment.seats import Seats
from domain.enrolment.state import Enrolment
from domain.enrolment.terms import open_until
from domain.kernel import Personal, StreamRef
from domain.learners.state import Learner

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
    satisfied_by: admission.SatisfiedBy = None
    demographics: DemographicsBody | None = None
    day_known: Annotated[bool, Field(strict=True)] = Field(
        default=True, description="false: the source does not know when, and the time is a bound."
    )


def more(
    command: EnrolLearner, tenant: str, enrolment: Enrolment, run: Run, seats: Seats
) -> tuple[StreamRef[Any], ...]:
    """Name the run's content, and what tells whether they may come in."""
    further = admission.more(command, tenant, enrolment, run, seats)
    return (RUN_CONTENT.of(tenant, command.run), *further) if further else ()


def enrol_learner(
    command: EnrolLearner,
    context: Context,
    enrolment: Enrolment,
    run: Run,
    seats: Seats,
    content: Content = RUN_CONTENT.initial,
    learner: Learner | None = None,
    course: Course | None = None,
    earlier_run: Run | None = None,
    earlier: Enrolment | None = None,
) -> Iterator[LearnerEnrolled | SeatTaken]:
    """Yield the enrolment, and the seat where seats are limited.

    Raises, in this order [Open edX], RunUnknown, AlreadyEnrolled, LearnerIsMerged,
    EnrolmentEnded, RunIsArchived, WindowClosed, PrerequisiteUnmet, ModeNotOffered,
    AccessHasExpired, SeatsBeingCounted, OfferLapsed or RunFull.
    """
    admitted = admission.require_admission(
        command, context.now, enrolment, run, learner, course, earlier_run, earlier
    )
    if admitted is None:
        return
    afresh = enrolment.standing != "none" and not admitted.scheduled.carry_progress
    began_at = context.now if afresh else enrolment.began_at or context.now
    until = open_until(run, command.run, command.subject, command.mode, began_at, context.now)
    require_seat(seats, command.run, command.subject, context.now)
    limited = seats.capacity is not None
    yield LearnerEnrolled(
        mode=command.mode,
        seat=limited,
        satisfied_by=admitted.satisfied_by,
        day_known=command.day_known,
        afresh=afresh,
        access_until=until,
        missing_from=relative_dues(run, content, began_at),
        scores_missing=run.scores_missing,
        demographics=None if command.demographics is None else command.demographics.as_personal(),
    )
    if limited:
        yield SeatTaken(command.subject)


DECISION = Decision(
    name="enrol-learner",
    model=EnrolLearner,
    streams=admission.streams,
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
