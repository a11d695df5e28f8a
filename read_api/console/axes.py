"""Where do labels stand on an axis, and how high does it go?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

MONTHS_FROM_MS = 75 * 86_400_000
"""An axis of this length, in milliseconds, and longer ones, are labelled by months."""
LONG_LABELS_BELOW_MS = 60_000
"""Below this length labels say seconds, take more room, and so are fewer."""
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEPS_MS = (
    *(1, 2, 5, 10, 50, 100, 500, 1_000, 5_000, 15_000),
    *(60_000, 300_000, 900_000, 3_600_000, 10_800_000, 21_600_000),
    *(86_400_000, 172_800_000, 604_800_000),
)


class Tick(NamedTuple):
    """A label on an axis, at a share (0 to 1) of its length. ``minor`` ones go on a phone."""

    at: float
    label: str
    minor: bool = False


_ROUND = (10, 15, 20, 25, 30, 40, 50, 60, 80, 100)


def nice_ceiling(value: int) -> int:
    """Return the least round number (10, 15, 20, 25, 30, 40, 50, 60, 80, 100 …) not below it."""
    if value <= 10:
        return max(1, value)
    step = 10
    while step * 10 < value:
        step *= 10
    return next(step * tenths // 10 for tenths in _ROUND if step * tenths >= value * 10)


def time_ticks(begin: datetime, end: datetime, most: int = 12) -> list[Tick]:
    """Return round times on an axis: months down to milliseconds, as its span asks."""
    span = (end - begin) // _MILLISECOND
    if span <= 0:
        return [Tick(0.0, begin.strftime("%-d %b %Y"))]
    if span >= MONTHS_FROM_MS:
        return _month_ticks(begin, end, most)
    most = most if span >= LONG_LABELS_BELOW_MS else most // 2
    step = next((s for s in _STEPS_MS if span / s <= most), _STEPS_MS[-1])
    low = (begin - _EPOCH) // _MILLISECOND
    first = -(-low // step) * step
    out = []
    for i in range(most + 2):
        at = first + i * step
        if at > low + span:
            break
        label = _label(_EPOCH + at * _MILLISECOND, step)
        out.append(Tick((at - low) / span, label, minor=bool(i % 3)))
    return out


def _label(at: datetime, step_ms: int) -> str:
    if step_ms >= 86_400_000:
        return f"{at:%-d %b}"
    if step_ms >= 60_000:
        return f"{at:%H:%M}"
    return f"{at:%H:%M:%S}" if step_ms >= 1_000 else f"{at:%H:%M:%S}.{at.microsecond // 1_000:03}"


def _month_ticks(begin: datetime, end: datetime, most: int) -> list[Tick]:
    months = (end.year - begin.year) * 12 + end.month - begin.month + 1
    every = next((n for n in (1, 2, 3, 6, 12, 24, 60) if months / n <= most), 120)
    span = (end - begin).total_seconds()
    out: list[Tick] = []
    for i in range(months + 1):
        serial = begin.year * 12 + begin.month - 1 + i
        if serial % every:
            continue
        at = datetime(serial // 12, serial % 12 + 1, 1, tzinfo=UTC)
        if not begin <= at <= end:
            continue
        form = "%b %Y" if serial % 12 == 0 or not out else "%b"
        out.append(Tick((at - begin).total_seconds() / span, at.strftime(form), len(out) % 3 != 0))
    return out
