"""How does a legal hold end?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.decision import Command, Context, Decision, Id
from commands.privacy.fields import of_learner
from domain.privacy.facts import ErasureBegun, LegalHoldLifted
from domain.privacy.rules import HoldUnknown
from domain.privacy.state import Erasure


class LiftLegalHold(Command):
    """Take a legal hold away. An erasure that waited for the last one begins at once."""

    subject: Id
    hold: Id


def lift_legal_hold(
    command: LiftLegalHold, _context: Context, erasure: Erasure
) -> Iterator[LegalHoldLifted | ErasureBegun]:
    """Yield it, once, and that the erasure that waited for it begins. Raises HoldUnknown."""
    if command.hold not in erasure.holds | erasure.lifted:
        raise HoldUnknown(command.subject, command.hold)
    if command.hold not in erasure.holds:
        return
    yield LegalHoldLifted(command.hold)
    if erasure.holds == {command.hold} and erasure.ground is not None and not erasure.begun:
        yield ErasureBegun(erasure.ground)


DECISION = Decision(
    name="lift-legal-hold",
    model=LiftLegalHold,
    streams=of_learner,
    decide=lift_legal_hold,
    example={"subject": "oulad-11391", "hold": "case-2027-14"},
)
