"""How is a learner forgotten?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.decision import Command, Context, Decision, Id
from commands.privacy.fields import ErasureGround, of_learner
from domain.privacy.facts import ErasureBegun, ErasureHeld, ErasureRequested
from domain.privacy.state import Erasure


class EraseLearner(Command):
    """Destroy the key of a learner's personal fields, and what could be traced to them. It cannot
    be taken back. Where a legal hold stands, it waits until the last one is lifted."""

    subject: Id
    ground: ErasureGround


def erase_learner(
    command: EraseLearner, _context: Context, erasure: Erasure
) -> Iterator[ErasureRequested | ErasureHeld | ErasureBegun]:
    """Yield that it is asked for, and that it begins or is held; once."""
    if erasure.ground is not None:
        return
    yield ErasureRequested(command.ground)
    if erasure.holds:
        yield ErasureHeld(tuple(sorted(erasure.holds)))
    else:
        yield ErasureBegun(command.ground)


DECISION = Decision(
    name="erase-learner",
    model=EraseLearner,
    streams=of_learner,
    decide=erase_learner,
    example={"subject": "oulad-11391", "ground": "consent-withdrawn"},
)
