"""How does an item count again that a learner was excused from?"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Reason
from commands.grading.remove_override import streams
from domain.catalogue.rules import require_run
from domain.catalogue.state import Run
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import Enrolment
from domain.grading.facts import ExcuseWithdrawn
from domain.kernel import Personal


class WithdrawExcuse(Command):
    """Let an item count again for a learner who was excused from it."""

    run: Id
    subject: Id
    item: Id
    reason: Reason = Field(description="Kept encrypted.")


def withdraw_excuse(
    command: WithdrawExcuse, _context: Context, enrolment: Enrolment, run: Run
) -> Iterator[ExcuseWithdrawn]:
    """Yield it, nothing where the learner is not excused. Raises RunUnknown or NotEnrolled."""
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    if command.item in enrolment.results.excused:
        yield ExcuseWithdrawn(command.item, Personal(value=command.reason))


DECISION = Decision(
    name="withdraw-excuse",
    model=WithdrawExcuse,
    streams=streams,
    decide=withdraw_excuse,
    unconditioned=frozenset({"run"}),
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "item": "1752",
        "reason": "The work came in after all.",
    },
)
