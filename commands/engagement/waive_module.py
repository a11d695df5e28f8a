"""How is a module opened to a learner who has not earned it?"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from commands.assessment.redecide_lateness import streams
from commands.decision import Command, Context, Decision
from commands.fields import Id, Reason
from domain.catalogue.content import Content
from domain.catalogue.rules import require_run
from domain.catalogue.state import Run
from domain.engagement.facts import ModuleWaived
from domain.engagement.rules import require_module
from domain.enrolment.rules import require_active
from domain.enrolment.state import Enrolment
from domain.kernel import Personal


class WaiveModule(Command):
    """Open a module to a learner, whatever it requires."""

    run: Id
    subject: Id
    module: Id
    reason: Reason = Field(description="Kept encrypted.")


def waive_module(
    command: WaiveModule, _context: Context, enrolment: Enrolment, run: Run, content: Content
) -> Iterator[ModuleWaived]:
    """Yield the waiver, once. Raises RunUnknown, NotEnrolled or ModuleUnknown."""
    require_run(run, command.run)
    require_active(enrolment, command.run, command.subject)
    if command.module in enrolment.waived:
        return
    require_module(content, command.run, command.module)
    yield ModuleWaived(command.module, Personal(value=command.reason))


DECISION = Decision(
    name="waive-module",
    model=WaiveModule,
    streams=streams,
    decide=waive_module,
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "module": "two",
        "reason": "Passed the like of it elsewhere.",
    },
)
