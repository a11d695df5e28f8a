"""How are the grades of a run kept back?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.grading.facts import GradesWithheld


class WithholdGrades(Command):
    """Keep a run's grades back until they are released: no certificate is issued on them [Canvas].
    A run that withholds nothing releases each grade as it comes."""

    run: Id


def withhold_grades(
    command: WithholdGrades, _context: Context, run: Run
) -> Iterator[GradesWithheld]:
    """Yield it, nothing where it is so. Raises RunUnknown."""
    require_run(run, command.run)
    if run.grades_released:
        yield GradesWithheld(command.run)


DECISION = Decision(
    name="withhold-grades",
    model=WithholdGrades,
    streams=lambda command, tenant: (RUN.of(tenant, command.run),),
    decide=withhold_grades,
    example={"run": "AAA-2013J"},
)
