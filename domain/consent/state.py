"""What must decisions know of a purpose?"""

from __future__ import annotations

from datetime import datetime

import msgspec

from domain.consent.facts import PurposePublished
from domain.kernel import StreamKind


class Purpose(msgspec.Struct, frozen=True):
    """A purpose as it was published last."""

    published: PurposePublished | None = None


def evolve_purpose(_state: Purpose, fact: PurposePublished, _at: datetime) -> Purpose:
    """Take one fact in. Never refuses."""
    return Purpose(fact)


PURPOSE = StreamKind("purpose", Purpose(), evolve_purpose, (PurposePublished,))
