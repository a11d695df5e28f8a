"""How is it said what a learner needs before a course?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Percent
from domain.catalogue.facts import Prerequisite, PrerequisiteSet
from domain.catalogue.rules import require_course, require_no_circle
from domain.catalogue.state import COURSE, Course
from domain.kernel import StreamRef


class PrerequisiteBody(BaseModel):
    """A course that must have been passed, or a minimum grade in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    course: Id
    minimum_percent: Percent | None = Field(
        default=None, description="Whole percent; absent: the course must have been passed."
    )


class SetPrerequisite(Command):
    """Say what a learner needs before enrolling in any run of a course."""

    course: Id
    prerequisite: PrerequisiteBody | None = Field(description="null: nothing any more.")


def streams(command: SetPrerequisite, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the course, and the one that it is to require."""
    own = COURSE.of(tenant, command.course)
    if command.prerequisite is None or command.prerequisite.course == command.course:
        return (own,)
    return (own, COURSE.of(tenant, command.prerequisite.course))


def onward(tenant: str, course: Course) -> StreamRef[Any] | None:
    """Name the course that a required one requires in turn."""
    return None if course.prerequisite is None else COURSE.of(tenant, course.prerequisite.course)


def set_prerequisite(
    command: SetPrerequisite, _context: Context, course: Course, *chain: Course
) -> Iterator[PrerequisiteSet]:
    """Yield what is now required. Raises CourseUnknown or PrerequisiteCircular.

    ``chain`` are the course to be required, the one that it requires, and so on. None of them may
    move meanwhile, so that two who close a circle from both ends do not both succeed.
    """
    require_course(course, command.course)
    wanted = None
    if command.prerequisite is not None:
        required = command.prerequisite.course
        if chain:
            require_course(chain[0], required)
        require_no_circle(command.course, required, chain)
        wanted = Prerequisite(command.prerequisite.course, command.prerequisite.minimum_percent)
    if course.prerequisite != wanted:
        yield PrerequisiteSet(command.course, wanted)


DECISION = Decision(
    name="set-prerequisite",
    model=SetPrerequisite,
    streams=streams,
    decide=set_prerequisite,
    onward=onward,
    example={"course": "BBB", "prerequisite": {"course": "AAA", "minimum_percent": 40}},
)
