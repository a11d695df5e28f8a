"""How is it recorded that a learner opened an item?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.rules import require_item, require_open, require_run
from domain.catalogue.state import RUN, Run
from domain.engagement.facts import ItemViewed
from domain.engagement.rules import require_unlocked
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.enrolment.terms import require_access
from domain.kernel import StreamRef


class ViewItem(Command):
    """Record that a learner opened an item."""

    run: Id
    subject: Id
    item: Id


def streams(command: ViewItem, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment, the run and its content."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
        RUN_CONTENT.of(tenant, command.run),
    )


def view_item(
    command: ViewItem, context: Context, enrolment: Enrolment, run: Run, content: Content
) -> Iterator[ItemViewed]:
    """Yield the first view.

    Raises RunUnknown, NotEnrolled, AccessHasExpired, ItemUnknown or ItemNotOpen, ModuleLocked.
    """
    require_run(run, command.run)
    require_access(enrolment, command.run, command.subject)
    if command.item in enrolment.viewed:
        return
    item = require_item(content, command.run, command.item)
    require_open(item, context.now)
    require_unlocked(item, content, enrolment)
    yield ItemViewed(command.item)


DECISION = Decision(
    name="view-item",
    model=ViewItem,
    streams=streams,
    decide=view_item,
    unconditioned=frozenset({"run"}),
    example={"run": "AAA-2013J", "subject": "oulad-11391", "item": "546614"},
)
