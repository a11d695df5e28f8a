"""How are a run's dates changed?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.catalogue.dates import RunDates
from commands.decision import Context, Decision
from commands.fields import Id
from domain.assessment.dates import relative_items
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.facts import RunRescheduled
from domain.catalogue.rules import require_run, require_unarchived
from domain.catalogue.state import RUN, Run


class RescheduleRun(RunDates):
    """Give a run new dates: all of them, as they are to stand."""

    run: Id


def reschedule_run(
    command: RescheduleRun, _context: Context, run: Run, content: Content
) -> Iterator[RunRescheduled]:
    """Yield the new dates. Raises RunUnknown or RunIsArchived."""
    require_run(run, command.run)
    wanted = (command.starts, command.ends, command.opens, command.closes)
    if wanted == (run.starts, run.ends, run.opens, run.closes):
        return
    require_unarchived(run, command.run)
    after = relative_items(content) if run.scores_missing else ()
    yield RunRescheduled(command.run, *wanted, after)


DECISION = Decision(
    name="reschedule-run",
    model=RescheduleRun,
    streams=lambda command, tenant: (
        RUN.of(tenant, command.run),
        RUN_CONTENT.of(tenant, command.run),
    ),
    decide=reschedule_run,
    example={
        "run": "AAA-2013J",
        "starts": "2013-10-08T00:00:00Z",
        "ends": "2014-07-03T00:00:00Z",
        "opens": "2013-06-01T00:00:00Z",
        "closes": "2013-10-15T00:00:00Z",
    },
)
