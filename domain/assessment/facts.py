"""What is handed in?"""

from __future__ import annotations

from datetime import datetime

from domain.kernel import Fact


class SubmissionReceived(Fact, frozen=True, omit_defaults=True):
    """Work was handed in for the ``number``-th time (from 1).

    ``due`` is the effective due date that it was judged by; ``late_seconds`` is 0 where it was in
    time or nothing was due, and otherwise the time since, rounded up to whole seconds.
    ``content_version`` is what the attempt is pinned to, and ``possible`` the item's highest score
    in it (exact decimal text); ``artifact`` is the SHA-256 of what was handed in, in hex.
    """

    item: str
    attempt: str
    number: int
    content_version: int
    due: datetime | None = None
    late_seconds: int = 0
    artifact: str | None = None
    possible: str = "100"
