"""How does a module cost what it requires again, for a learner who had it waived?"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.engagement.decide_modules import streams
from commands.fields import Id, Reason
from domain.catalogue.content import Content
from domain.catalogue.rules import require_run
from domain.catalogue.state import Run
from domain.engagement.facts import ModuleRelocked, ModuleUnlocked, ModuleWaiverWithdrawn
from domain.engagement.gating import decided
from domain.engagement.state import Viewing
from domain.enrolment.rules import require_active
from domain.enrolment.state import Enrolment
from domain.kernel import Personal


class WithdrawWaiver(Command):
    """Take the waiver of a module back. What the learner began in it goes on."""

    run: Id
    subject: Id
    module: Id
    reason: Reason = Field(description="Kept encrypted.")


def withdraw_waiver(
    command: WithdrawWaiver,
    _context: Context,
    enrolment: Enrolment,
    run: Run,
    content: Content,
    viewing: Viewing,
) -> Iterator[ModuleWaiverWithdrawn | ModuleUnlocked | ModuleRelocked]:
    """Yield it, and that the module is unlocked where the learner has earned it by now; nothing
    where it is not waived. Raises RunUnknown or NotEnrolled."""
    require_run(run, command.run)
    require_active(enrolment, command.run, command.subject)
    if command.module not in enrolment.waived:
        return
    yield ModuleWaiverWithdrawn(command.module, Personal(value=command.reason))
    without = msgspec.structs.replace(enrolment, waived=enrolment.waived - {command.module})
    yield from decided(content, without, viewing.in_term(enrolment.term).completed)


DECISION = Decision(
    name="withdraw-waiver",
    model=WithdrawWaiver,
    streams=streams,
    decide=withdraw_waiver,
    unconditioned=frozenset({"run", "viewing"}),
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "module": "two",
        "reason": "The certificate of the other course was not theirs.",
    },
)
