"""How does an item's own due date count again for a cohort or a run?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Text
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.facts import DueOverrideRemoved
from domain.catalogue.rules import require_run, require_unarchived
from domain.catalogue.state import RUN, Run


class RemoveDueOverride(Command):
    """Take back another due date of a cohort, or of the whole run."""

    run: Id
    item: Id
    cohort: Id | None = Field(default=None, description="Absent: the whole run.")
    reason: Annotated[Text, Field(min_length=1)]


def remove_due_override(
    command: RemoveDueOverride, _context: Context, content: Content, run: Run
) -> Iterator[DueOverrideRemoved]:
    """Yield it, nothing where there is no such override. Raises RunUnknown or RunIsArchived."""
    require_run(run, command.run)
    if (command.item, command.cohort) not in content.due_overrides:
        return
    require_unarchived(run, command.run)
    yield DueOverrideRemoved(
        command.run, command.item, command.reason, command.cohort, run.scores_missing
    )


DECISION = Decision(
    name="remove-due-override",
    model=RemoveDueOverride,
    streams=lambda command, tenant: (
        RUN_CONTENT.of(tenant, command.run),
        RUN.of(tenant, command.run),
    ),
    decide=remove_due_override,
    example={
        "run": "AAA-2013J",
        "item": "1752",
        "cohort": "evening",
        "reason": "The evening class was moved back.",
    },
)
