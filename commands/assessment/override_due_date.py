"""How is an item due at another time for a cohort, or for a whole run?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Moment, Text
from domain.assessment.rules import require_due_after_release, require_submittable
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.facts import DueDateOverridden
from domain.catalogue.rules import require_item, require_run, require_unarchived
from domain.catalogue.state import RUN, Run


class OverrideDueDate(Command):
    """Say when an item is due for a cohort, or for the whole run, in place of its own date."""

    run: Id
    item: Id
    cohort: Id | None = Field(default=None, description="Absent: the whole run.")
    due: Moment | None = Field(description="null: the item is due at no time.")
    reason: Annotated[Text, Field(min_length=1)]


def override_due_date(
    command: OverrideDueDate, _context: Context, content: Content, run: Run
) -> Iterator[DueDateOverridden]:
    """Yield the override, nothing where it stands so already.

    What was handed in before is judged anew by the policy `redecide-lateness`. Raises RunUnknown,
    RunIsArchived, ItemUnknown, ItemNotSubmittable or ReleaseAfterDue.
    """
    require_run(run, command.run)
    key = command.item, command.cohort
    if key in content.due_overrides and content.due_overrides[key] == command.due:
        return
    require_unarchived(run, command.run)
    item = require_item(content, command.run, command.item)
    require_submittable(item)
    require_due_after_release(item, command.due)
    yield DueDateOverridden(
        command.run,
        command.item,
        command.due,
        command.reason,
        command.cohort,
        run.scores_missing,
    )


DECISION = Decision(
    name="override-due-date",
    model=OverrideDueDate,
    streams=lambda command, tenant: (
        RUN_CONTENT.of(tenant, command.run),
        RUN.of(tenant, command.run),
    ),
    decide=override_due_date,
    example={
        "run": "AAA-2013J",
        "item": "1752",
        "cohort": "evening",
        "due": "2013-10-22T23:59:59.999999Z",
        "reason": "The evening class met two days later.",
    },
)
