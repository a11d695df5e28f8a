"""How are the grades of a run let out?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.grading.facts import GradesReleased


class ReleaseGrades(Command):
    """Release the grades of a run that had withheld them; certificates that waited are issued."""

    run: Id


def release_grades(command: ReleaseGrades, _context: Context, run: Run) -> Iterator[GradesReleased]:
    """Yield it, nothing where it is so. Raises RunUnknown."""
    require_run(run, command.run)
    if not run.grades_released:
        yield GradesReleased(command.run)


DECISION = Decision(
    name="release-grades",
    model=ReleaseGrades,
    streams=lambda command, tenant: (RUN.of(tenant, command.run),),
    decide=release_grades,
    example={"run": "AAA-2013J"},
)
