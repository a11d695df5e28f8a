"""What happens to a learner's personal data when they are to be forgotten? None of it is in here.

The stream is ``tenant/erasure/SUBJECT``. Every step of an erasure is a fact with receipts.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from domain.kernel import Fact


class Receipt(msgspec.Struct, frozen=True):
    """What a step did at one place: so much was removed, destroyed or waited for there."""

    place: str
    removed: int


class LegalHoldPlaced(Fact, frozen=True):
    """The learner may not be erased while this hold stands; ``ground`` is a code, not a text."""

    hold: str
    ground: str


class LegalHoldLifted(Fact, frozen=True):
    """The hold stands no more."""

    hold: str


class ErasureRequested(Fact, frozen=True, omit_defaults=True):
    """The learner is to be erased; ``ground`` is the code of the legal ground. ``again``: the log
    was restored from a backup of before they were. ``together`` are the other records of the same
    person, which are erased with this one: a hold on any of them keeps all."""

    ground: str
    again: bool = False
    together: tuple[str, ...] = ()


class ErasureHeld(Fact, frozen=True):
    """The erasure waits until these holds are lifted."""

    holds: tuple[str, ...]


class ErasureBegun(Fact, frozen=True):
    """No hold stands, and none can be placed any more: from here on nothing is taken back.
    ``ground`` is that of the request."""

    ground: str


class KeyDestroyed(Fact, frozen=True):
    """The learner's key is deleted. Copies of the database of keys open it until ``epoch`` ends."""

    epoch: int
    destroyed_at: datetime
    receipts: tuple[Receipt, ...]


class CachesDropped(Fact, frozen=True):
    """No process holds the key any more, nor an answer that it opened."""

    receipts: tuple[Receipt, ...]


class RowsDeleted(Fact, frozen=True):
    """Rows outside of log and readings that could be traced to the person are deleted."""

    receipts: tuple[Receipt, ...]


class IndexPurged(Fact, frozen=True):
    """What was found of the learner is found no more, and its bytes are gone from the index."""

    receipts: tuple[Receipt, ...]


class TombstonesWritten(Fact, frozen=True):
    """Consumers outside are told by a message without a value under the learner's key."""

    receipts: tuple[Receipt, ...]


class EpochKeyDestroyed(Fact, frozen=True):
    """The key of the epoch is destroyed: no copy of the learner's key opens any more, wherever."""

    epoch: int
    receipts: tuple[Receipt, ...]


class SubjectErased(Fact, frozen=True):
    """All is done. ``digest`` is the SHA-256 over all receipts, in order, as compact JSON."""

    digest: str
