"""What does every answer of a query carry?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from read_api.ports.views import ParkedKey, Snapshot


class AsOf(msgspec.Struct, frozen=True, omit_defaults=True):
    """The moment that an answer describes: a position of the log and when it was recorded.

    Everything up to the position is in the answer. What is told of one learner has nothing later in
    it; lists and sums that take from several readings may, of a reading that is ahead.
    ``occurred_at`` is there where only what had occurred by then was counted.
    """

    position: int
    recorded_at: datetime | None
    occurred_at: datetime | None = None

    @classmethod
    def of(cls, snapshot: Snapshot) -> AsOf:
        """Return the moment that a snapshot is of."""
        return cls(snapshot.position, snapshot.recorded_at)


class Incomplete(msgspec.Struct, frozen=True):
    """Facts since this moment could not be read in yet, and are missing from the answer."""

    since: datetime


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What is common to all answers. ``incomplete`` is absent where nothing is missing."""

    as_of: AsOf
    incomplete: Incomplete | msgspec.UnsetType | None = msgspec.UNSET


class Page(Answer, frozen=True, kw_only=True):
    """A list in parts: ``next`` is the cursor of the part that follows, None at the end."""

    next: str | None


class Opened(msgspec.Struct, frozen=True):
    """A personal field: null and erased where its key is destroyed or the asker has no right; null
    and unreadable where the store of keys cannot be reached now."""

    value: Any
    erased: bool
    unreadable: bool | msgspec.UnsetType = msgspec.UNSET


class Moment(msgspec.Struct, frozen=True):
    """The moment that a query asks for; nothing set: now. At most one is set."""

    position: int | None = None
    recorded: datetime | None = None
    occurred: datetime | None = None

    @property
    def is_now(self) -> bool:
        """Whether the live readings answer."""
        return self.position is None and self.recorded is None and self.occurred is None


NOW = Moment()


def earliest(
    parked: Sequence[ParkedKey], **about: tuple[str, ...]
) -> Incomplete | msgspec.UnsetType:
    """Say since when an answer lacks facts that are put aside.

    ``about`` tells, by reading, the ids that the answer is about; of a reading that is not named,
    everything counts.
    """
    concerned = [
        one.since for one in parked if not one.ids or one.ids.issuperset(about.get(one.reading, ()))
    ]
    return Incomplete(min(concerned)) if concerned else msgspec.UNSET
