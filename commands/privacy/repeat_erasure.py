"""How is a learner forgotten again, when an old backup of the log was restored?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.decision import Command, Context, Decision, Id
from commands.privacy.fields import ErasureGround, of_learner
from domain.privacy.facts import ErasureBegun, ErasureRequested
from domain.privacy.state import Erasure


class RepeatErasure(Command):
    """Erase a learner of whom the ledger says that they were. No hold keeps that: the key is
    destroyed already. Sent at a start, before anybody is served."""

    subject: Id
    ground: ErasureGround


def repeat_erasure(
    command: RepeatErasure, _context: Context, erasure: Erasure
) -> Iterator[ErasureRequested | ErasureBegun]:
    """Yield what the restored log lacks."""
    if erasure.ground is None:
        yield ErasureRequested(command.ground, again=True)
    if not erasure.begun:
        yield ErasureBegun(command.ground)


DECISION = Decision(
    name="repeat-erasure",
    model=RepeatErasure,
    streams=of_learner,
    decide=repeat_erasure,
    example={"subject": "oulad-11391", "ground": "consent-withdrawn"},
)
