"""Which words do several sentences share?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

Title = Callable[[str], str]
"""What the title of an item is, given its id."""

SECONDS_A_DAY = 86_400


def lateness(seconds: int) -> str:
    """Tell a time in the largest unit that it fills, rounded up: "3 days", "1 hour"."""
    for size, unit in ((SECONDS_A_DAY, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            return counted(-(-seconds // size), unit)
    return "0 seconds"


def counted(number: int, noun: str) -> str:
    """Tell how many there are: "1 item", "1,200 items"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def clock(milliseconds: int) -> str:
    """Tell a place in a video: "0:01:30"."""
    return str(timedelta(seconds=milliseconds // 1_000))


def score(raw: str | None, possible: str) -> str:
    """Tell points: "7 of 10"."""
    return "without a score" if raw is None else f"{raw} of {possible}"
