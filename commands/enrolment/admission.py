"""Who may come into a run, if there is a seat? The same for enrolling and for waiting."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, NamedTuple, Protocol

from pydantic import Field

from commands.fields import Id
from domain.catalogue.facts import RunScheduled
from domain.catalogue.rules import require_run, require_unarchived
from domain.catalogue.state import COURSE, RUN, Course, Run
from domain.enrolment.rules import (
    AlreadyEnrolled,
    require_mode,
    require_prerequisite,
    require_window,
)
from domain.enrolment.seats import RUN_SEATS, Seats
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.integrity.rules import require_not_ended
from domain.kernel import StreamRef
from domain.learners.rules import require_unmerged
from domain.learners.state import LEARNER, Learner

SatisfiedBy = Annotated[
    Id | None,
    Field(description="Where the course has a prerequisite: the run in which it was met."),
]


class Asks(Protocol):
    """A command by which a learner wants to come in."""

    @property
    def run(self) -> str:
        """The run."""

    @property
    def subject(self) -> str:
        """The learner."""

    @property
    def mode(self) -> str:
        """How they want to take it."""

    @property
    def satisfied_by(self) -> str | None:
        """The run in which they say that they met the prerequisite."""


class Admitted(NamedTuple):
    """On which terms: the run as scheduled, and what met the prerequisite."""

    scheduled: RunScheduled
    satisfied_by: str | None


def streams(command: Asks, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment, the run and its seats."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
        RUN_SEATS.of(tenant, command.run),
    )


def more(
    command: Asks, tenant: str, enrolment: Enrolment, run: Run, _seats: Seats
) -> tuple[StreamRef[Any], ...]:
    """Name the learner as a person, the run's course, and where the learner says that its
    prerequisite was met."""
    if run.scheduled is None or enrolment.active:
        return ()
    person = LEARNER.of(tenant, command.subject, subject=command.subject)
    course = COURSE.of(tenant, run.scheduled.course)
    if command.satisfied_by is None or command.satisfied_by == command.run:
        return (person, course)
    return (
        person,
        course,
        RUN.of(tenant, command.satisfied_by),
        ENROLMENT.of(tenant, command.satisfied_by, command.subject, subject=command.subject),
    )


def require_admission(
    command: Asks,
    now: datetime,
    enrolment: Enrolment,
    run: Run,
    learner: Learner | None,
    course: Course | None,
    earlier_run: Run | None,
    earlier: Enrolment | None,
) -> Admitted | None:
    """Return on which terms the learner may come in; None: they are in already, in this mode.

    Raises, in this order [Open edX], RunUnknown, AlreadyEnrolled, LearnerIsMerged,
    EnrolmentEnded, RunIsArchived, WindowClosed, PrerequisiteUnmet or ModeNotOffered.
    """
    scheduled = require_run(run, command.run)
    if enrolment.active:
        if enrolment.mode == command.mode:
            return None
        raise AlreadyEnrolled(
            f"Learner {command.subject} is in run {command.run} already, in mode {enrolment.mode}.",
            run=command.run,
            subject=command.subject,
            mode=enrolment.mode,
        )
    if learner is not None:
        require_unmerged(learner, command.subject)
    require_not_ended(enrolment, command.run, command.subject)
    require_unarchived(run, command.run)
    require_window(run, command.run, now)
    satisfied_by = None
    if course is not None and course.prerequisite is not None:
        require_prerequisite(course.prerequisite, command.satisfied_by, earlier_run, earlier)
        satisfied_by = command.satisfied_by
    require_mode(scheduled, command.mode)
    return Admitted(scheduled, satisfied_by)
