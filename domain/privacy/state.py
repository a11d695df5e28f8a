"""How far is the erasure of a learner, and what keeps it?"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import assert_never, get_args

import msgspec

from domain.kernel import StreamKind
from domain.privacy.facts import (
    CachesDropped,
    EpochKeyDestroyed,
    ErasureBegun,
    ErasureHeld,
    ErasureRequested,
    IndexPurged,
    KeyDestroyed,
    LegalHoldLifted,
    LegalHoldPlaced,
    Receipt,
    RowsDeleted,
    SubjectErased,
    TombstonesWritten,
)

StepFact = (
    KeyDestroyed | CachesDropped | RowsDeleted | IndexPurged | TombstonesWritten | EpochKeyDestroyed
)
HoldFact = LegalHoldPlaced | LegalHoldLifted | ErasureHeld
ErasureFact = HoldFact | ErasureRequested | ErasureBegun | StepFact | SubjectErased

STEPS: tuple[type[StepFact], ...] = (
    KeyDestroyed,
    CachesDropped,
    RowsDeleted,
    IndexPurged,
    TombstonesWritten,
    EpochKeyDestroyed,
)
"""In this order, each once an earlier one is recorded."""


class Erasure(msgspec.Struct, frozen=True):
    """``holds`` that stand, and those ``lifted``; the ``ground`` on which it was requested (None:
    it was not), ``together`` with which other records of the person; whether it has ``begun``; how
    many of the STEPS are ``done``, with their receipts; whether all is ``erased``."""

    holds: frozenset[str] = frozenset()
    lifted: frozenset[str] = frozenset()
    ground: str | None = None
    together: tuple[str, ...] = ()
    begun: bool = False
    done: int = 0
    receipts: tuple[tuple[Receipt, ...], ...] = ()
    erased: bool = False

    @property
    def digest(self) -> str:
        """The SHA-256 over all receipts."""
        return hashlib.sha256(msgspec.json.encode(self.receipts)).hexdigest()


def evolve_erasure(state: Erasure, fact: ErasureFact, _at: datetime) -> Erasure:
    """Take one fact in. Never refuses."""
    replace = msgspec.structs.replace
    match fact:
        case ErasureRequested(ground=ground, together=together):
            return replace(state, ground=ground, together=together)
        case ErasureBegun():
            return replace(state, begun=True)
        case (
            KeyDestroyed()
            | CachesDropped()
            | RowsDeleted()
            | IndexPurged()
            | TombstonesWritten()
            | EpochKeyDestroyed()
        ):
            done = max(state.done, STEPS.index(type(fact)) + 1)
            return replace(state, done=done, receipts=(*state.receipts, fact.receipts))
        case SubjectErased():
            return replace(state, erased=True)
        case LegalHoldPlaced(hold=hold):
            return replace(state, holds=state.holds | {hold})
        case LegalHoldLifted(hold=hold):
            return replace(state, holds=state.holds - {hold}, lifted=state.lifted | {hold})
        case ErasureHeld():
            return state
        case _:
            assert_never(fact)


ERASURE = StreamKind("erasure", Erasure(), evolve_erasure, get_args(ErasureFact))
