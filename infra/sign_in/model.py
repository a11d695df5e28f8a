"""What does the console keep of somebody who has signed in?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

IDLE = timedelta(hours=1)
"""After so long without a request somebody signs in again."""
WHOLE = timedelta(hours=12)
"""After so long, whatever they did meanwhile."""
SEEN = timedelta(minutes=1)
"""How exactly it is known when the last request was."""


class Held(msgspec.Struct, frozen=True):
    """What the issuer gave for a person; ``name`` is what they are called on pages."""

    access_token: str
    refresh_token: str | None
    id_token: str
    name: str


class Kept(NamedTuple):
    """A session as it is stored. ``renew_at`` is when the access token is to be replaced."""

    digest: bytes
    issuer: str
    subject: str
    sealed: bytes
    renew_at: datetime
    seen_at: datetime
    expires_at: datetime

    def good(self, now: datetime) -> bool:
        """Whether the session has not ended by itself."""
        return now < self.expires_at and now < self.seen_at + IDLE
