"""How does a course enter the catalogue?"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Text, Title
from domain.catalogue.facts import CourseCreated
from domain.catalogue.rules import CourseExists
from domain.catalogue.state import COURSE, Course


class CreateCourse(Command):
    """Put a course into the catalogue."""

    course: Id = Field(description="The id of the course, for ever.")
    title: Title
    description: Text = ""


def create_course(
    command: CreateCourse, _context: Context, course: Course
) -> Iterator[CourseCreated]:
    """Yield the course, nothing where it is so already. Raises CourseExists."""
    fact = CourseCreated(command.course, command.title, command.description)
    if course.created == fact:
        return
    if course.created is not None:
        raise CourseExists(
            f"Course {command.course} is in the catalogue as “{course.created.title}”.",
            course=command.course,
            existing_title=course.created.title,
        )
    yield fact


DECISION = Decision(
    name="create-course",
    model=CreateCourse,
    streams=lambda command, tenant: (COURSE.of(tenant, command.course),),
    decide=create_course,
    example={"course": "AAA", "title": "Module AAA", "description": "A module of level 1."},
)
