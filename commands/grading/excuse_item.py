"""How is a learner excused from an item?"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Reason
from commands.grading.override_score import streams
from domain.assessment.rules import require_submittable
from domain.catalogue.content import Content
from domain.catalogue.rules import require_item, require_run
from domain.catalogue.state import Run
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import Enrolment
from domain.grading.facts import ItemExcused
from domain.kernel import Personal


class ExcuseItem(Command):
    """Leave an item out of a learner's grade: it is nobody's zero."""

    run: Id
    subject: Id
    item: Id
    reason: Reason = Field(description="Kept encrypted.")


def excuse_item(
    command: ExcuseItem, _context: Context, enrolment: Enrolment, run: Run, content: Content
) -> Iterator[ItemExcused]:
    """Yield the excuse, nothing where the learner is excused already.

    Raises RunUnknown, NotEnrolled, ItemUnknown or ItemNotSubmittable.
    """
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    require_submittable(require_item(content, command.run, command.item))
    if command.item not in enrolment.results.excused:
        yield ItemExcused(command.item, Personal(value=command.reason))


DECISION = Decision(
    name="excuse-item",
    model=ExcuseItem,
    streams=streams,
    decide=excuse_item,
    unconditioned=frozenset({"run", "run-content"}),
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "item": "1752",
        "reason": "Ill on the day.",
    },
)
