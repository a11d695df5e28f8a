"""Where do labels stand on an axis, and how high does it go?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple


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
    """Return round times on an axis: months, days, hours, minutes or seconds as the span asks."""
    span = (end - begin).total_seconds()
    if span <= 0:
        return [Tick(0.0, begin.strftime("%-d %b %Y"))]
    if span >= 75 * 86_400:
        return _month_ticks(begin, end, most)
    steps = (1, 5, 15, 60, 300, 900, 3_600, 10_800, 21_600, 86_400, 172_800, 604_800)
    step = next((s for s in steps if span / s <= most), steps[-1])
    form = "%-d %b" if step >= 86_400 else "%H:%M" if step >= 60 else "%H:%M:%S"
    first = -(-begin.timestamp() // step) * step
    out = []
    for i in range(most + 2):
        at = first + i * step
        if at > end.timestamp():
            break
        label = datetime.fromtimestamp(at, UTC).strftime(form)
        out.append(Tick((at - begin.timestamp()) / span, label, minor=bool(i % 3)))
    return out


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
