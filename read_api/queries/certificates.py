"""Is this certificate genuine, and does it still stand?"""

from __future__ import annotations

from datetime import datetime

from domain.access import Principal
from read_api.answers import Answer, Opened, earliest
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound


class Certificate(Answer, frozen=True, kw_only=True):
    """A certificate. ``valid`` until it is revoked; id and grade stay readable after that.
    ``reason`` is why it was revoked, None while it stands."""

    certificate: str
    course: str
    course_title: str | None
    run: str
    run_title: str | None
    subject: str
    mode: str
    basis: str
    result: str
    percent: int | None
    issued_at: datetime
    valid: bool
    revoked_at: datetime | None
    reason: Opened | None
    position: int


async def certificate(
    deps: ReadDependencies, asking: Principal, certificate: str, *, min_position: int = 0
) -> Certificate:
    """Return a certificate. Raises NotFound."""
    raise NotImplementedError
