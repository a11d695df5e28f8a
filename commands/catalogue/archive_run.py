"""How is a run put away?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.facts import RunArchived
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run


class ArchiveRun(Command):
    """Put a run away: it takes no more enrolments and no more work."""

    run: Id


def archive_run(command: ArchiveRun, _context: Context, run: Run) -> Iterator[RunArchived]:
    """Yield it, once. Raises RunUnknown."""
    require_run(run, command.run)
    if not run.archived:
        yield RunArchived(command.run)


DECISION = Decision(
    name="archive-run",
    model=ArchiveRun,
    streams=lambda command, tenant: (RUN.of(tenant, command.run),),
    decide=archive_run,
    example={"run": "AAA-2013J"},
)
