"""How are the facts of an erasure told, each in one sentence?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from domain.kernel import Fact
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

PLAIN: Mapping[type[Fact], str] = {
    LegalHoldPlaced: "Legal hold {f.hold} was placed ({f.ground})",
    LegalHoldLifted: "Legal hold {f.hold} was lifted",
    ErasureBegun: "The erasure has begun",
    KeyDestroyed: "The key of all personal fields was destroyed",
    CachesDropped: "No process holds the key any more",
    EpochKeyDestroyed: "Epoch {f.epoch} was ended: no copy of the key opens any more",
    SubjectErased: "Erased: personal fields cannot be read any more, by anybody",
}


def _requested(fact: ErasureRequested) -> str:
    """Tell on what ground, and whether it was done before."""
    again = " again, as the log was restored from a backup" if fact.again else ""
    others = f", together with {', '.join(fact.together)}" if fact.together else ""
    return f"Erasure was asked for{again}{others} ({fact.ground})"


def _held(fact: ErasureHeld) -> str:
    """Tell what it waits for."""
    return f"The erasure waits for legal holds: {', '.join(fact.holds)}"


def _step(fact: RowsDeleted | IndexPurged | TombstonesWritten) -> str:
    """Tell what was removed, and where."""
    match fact:
        case RowsDeleted():
            return f"Rows that lead to the person were deleted{_where(fact.receipts)}"
        case IndexPurged():
            return f"The search index was purged{_where(fact.receipts)}"
        case TombstonesWritten():
            return f"Consumers outside were told{_where(fact.receipts)}"


def _where(receipts: Sequence[Receipt]) -> str:
    told = ", ".join(f"{one.place} {one.removed}" for one in receipts)
    return f" ({told})" if told else ""


TELLERS: Mapping[type[Fact], Callable[[Any], str]] = {
    ErasureRequested: _requested,
    ErasureHeld: _held,
    RowsDeleted: _step,
    IndexPurged: _step,
    TombstonesWritten: _step,
}
