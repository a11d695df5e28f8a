"""How are times and amounts told to people and to programs?"""

from __future__ import annotations

from datetime import datetime


def moment(at: datetime | None) -> str | None:
    """Return a UTC time as RFC 3339 text; None stays None."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def moment_or(at: datetime | None, otherwise: str) -> str:
    """Return a UTC time as RFC 3339 text, or what to say where there is none."""
    return moment(at) or otherwise


def counted(number: int, one: str) -> str:
    """Return so many of something, whose plural only takes an s: "1 seat", "12 seats"."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"
