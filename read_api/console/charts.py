"""How is a series of numbers drawn? Inline SVG, without style attributes or script.

Horizontal places are per cent, vertical ones pixels: a chart fills its column on a phone and on a
desk, and its letters keep their size. Colours are classes (``s1`` … ``s8``) of the stylesheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from markupsafe import Markup, escape

LABEL_SHARE_MAX = 0.75
"""A lane's label begins no further right than this share of the axis."""
POINTS_MAX = 2_000
"""Marks in one chart, at most; callers aggregate before."""


class Tick(NamedTuple):
    """A label on an axis, at a share (0 to 1) of its length. ``minor`` ones go on a phone."""

    at: float
    label: str
    minor: bool = False


class Column(NamedTuple):
    """One place on the x axis with an amount that rises and one that falls."""

    label: str
    up: int
    down: int = 0


class Row(NamedTuple):
    """A labelled horizontal bar made of parts that stand for amounts."""

    label: str
    parts: Sequence[int]
    note: str = ""
    href: str = ""


class Mark(NamedTuple):
    """A fact on a lane: where (share 0 to 1), which symbol, what it says, whether it counts."""

    at: float
    symbol: str
    title: str
    position: int
    counts: bool = True


class Lane(NamedTuple):
    """One run on a learner's axis: its span as shares of the axis, and the facts on it."""

    label: str
    begins: float
    ends: float
    marks: Sequence[Mark]


def _svg(height: int, label: str, inner: Sequence[str], css: str = "") -> Markup:
    return Markup(  # noqa: S704 - every text in it went through escape()
        f'<svg class="chart {css}" width="100%" height="{height}" role="img"'
        f' aria-label="{escape(label)}">{"".join(inner)}</svg>'
    )


def _pct(share: float) -> str:
    return f"{share * 100:.2f}%"


_ROUND = (10, 15, 20, 25, 30, 40, 50, 60, 80, 100)


def nice_ceiling(value: int) -> int:
    """Return the least round number (10, 15, 20, 25, 30, 40, 50, 60, 80, 100 …) not below it."""
    if value <= 10:
        return max(1, value)
    step = 10
    while step * 10 < value:
        step *= 10
    return next(step * tenths // 10 for tenths in _ROUND if step * tenths >= value * 10)


def sparkline(values: Sequence[int], label: str) -> Markup:
    """Draw a small line of fixed size; an empty series draws nothing."""
    width, height = 120, 24
    if not values or not any(values):
        return Markup("")
    top = max(values)
    step = width / max(1, len(values) - 1)
    points = [(i * step, height - 2 - (height - 4) * v / top) for i, v in enumerate(values)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return Markup(  # noqa: S704 - escaped
        f'<svg class="spark" width="{width}" height="{height}" role="img"'
        f' aria-label="{escape(label)}">'
        f'<polygon points="0,{height} {line} {points[-1][0]:.1f},{height}"/>'
        f'<polyline points="{line}"/></svg>'
    )


def columns(
    series: Sequence[Column],
    ticks: Sequence[Tick],
    label: str,
    names: tuple[str, str] = ("", ""),
    moment: float | None = None,
) -> Markup:
    """Draw columns that rise above a base line (and fall below it where there is a second series).

    The ceiling of both is labelled, so heights can be read. ``moment`` draws a line at that share.
    """
    up = nice_ceiling(max((c.up for c in series), default=1) or 1)
    deepest = max((c.down for c in series), default=0)
    plot = 128
    scale = plot / (up + deepest)
    base = 16 + up * scale
    bottom = base + deepest * scale
    width = 1 / max(1, len(series))
    out = [
        f'<line class="grid" x1="0" x2="100%" y1="16" y2="16"/>'
        f'<text class="tick" x="0" y="11">{up:,} {escape(names[0])}</text>'
    ]
    for i, column in enumerate(series):
        x = i * width + width * 0.1
        for amount, css, above, name in (
            (column.up, "s5", True, names[0]),
            (column.down, "s6", False, names[1]),
        ):
            if not amount:
                continue
            tall = max(1.0, amount * scale)
            out.append(
                f'<rect class="{css}" x="{_pct(x)}" width="{_pct(width * 0.8)}"'
                f' y="{base - tall if above else base:.1f}" height="{tall:.1f}">'
                f"<title>{escape(column.label)}: {amount:,} {escape(name)}</title></rect>"
            )
    out.append(f'<line class="axis" x1="0" x2="100%" y1="{base:.1f}" y2="{base:.1f}"/>')
    if moment is not None:
        out.append(
            f'<line class="moment" x1="{_pct(moment)}" x2="{_pct(moment)}" y1="8" y2="{bottom:.1f}"/>'
        )
    out.extend(_ticks(ticks, bottom + 16))
    return _svg(int(bottom + 24), label, out)


def _ticks(ticks: Sequence[Tick], y: float) -> list[str]:
    out = []
    for tick in ticks:
        anchor = " start" if tick.at < 0.03 else " end" if tick.at > 0.97 else ""
        minor = " minor" if tick.minor else ""
        out.append(
            f'<text class="tick x{anchor}{minor}" x="{_pct(tick.at)}" y="{y:.0f}">'
            f"{escape(tick.label)}</text>"
        )
    return out


def bars(rows: Sequence[Row], names: Sequence[str], label: str, total: int | None = None) -> Markup:
    """Draw labelled bars of stacked parts, on one scale (``total``, or the longest)."""
    longest = total or max((sum(r.parts) for r in rows), default=1) or 1
    out = []
    for i, row in enumerate(rows):
        y = i * 40
        text = (
            f'<text class="label" x="0" y="{y + 14}">{escape(row.label)}</text>'
            f'<text class="value" x="100%" y="{y + 14}">{escape(row.note)}</text>'
        )
        out.append(f'<a href="{escape(row.href)}">{text}</a>' if row.href else text)
        out.append(f'<rect class="track" x="0" width="100%" y="{y + 20}" height="8" rx="2"/>')
        x = 0.0
        for part, (name, css) in zip(row.parts, zip(names, ("s5", "s1", "s6"), strict=False), strict=False):
            share = part / longest
            if part:
                out.append(
                    f'<rect class="{css}" x="{_pct(x)}" width="{_pct(share)}" y="{y + 20}"'
                    f' height="8"><title>{escape(row.label)}: {part:,} {escape(name)}</title></rect>'
                )
            x += share
    return _svg(max(40, len(rows) * 40), label, out)


def lanes(
    series: Sequence[Lane],
    ticks: Sequence[Tick],
    label: str,
    moment: float,
    other: float | None = None,
) -> Markup:
    """Draw one lane per run with a symbol per fact; facts that do not count yet are hollow.

    ``moment`` is where the slider stands, ``other`` the moment that it is compared with.
    """
    height = 56
    out = []
    for tick in ticks:
        out.append(
            f'<line class="grid" x1="{_pct(tick.at)}" x2="{_pct(tick.at)}" y1="8"'
            f' y2="{8 + height * len(series)}"/>'
        )
    for i, lane in enumerate(series):
        y = 8 + i * height + 36
        out.append(
            f'<text class="label" x="{_pct(min(lane.begins, LABEL_SHARE_MAX))}" y="{y - 20}">'
            f"{escape(lane.label)}</text>"
            f'<line class="lane" x1="{_pct(lane.begins)}" x2="{_pct(lane.ends)}" y1="{y}" y2="{y}"/>'
        )
        for mark in lane.marks[:POINTS_MAX]:
            hollow = "" if mark.counts else " hollow"
            out.append(
                f'<svg class="mark {mark.symbol}{hollow}" x="{_pct(mark.at)}"'
                f' y="{y + OFFSETS.get(mark.symbol, 0)}"'
                f' data-position="{mark.position}">{SYMBOLS[mark.symbol]}'
                f"<title>{escape(mark.title)}</title></svg>"
            )
    bottom = 8 + height * len(series)
    if other is not None:
        out.append(
            f'<line class="moment other" x1="{_pct(other)}" x2="{_pct(other)}" y1="0" y2="{bottom}"/>'
        )
    out.append(
        f'<line class="moment" x1="{_pct(moment)}" x2="{_pct(moment)}" y1="0" y2="{bottom}"/>'
    )
    out.extend(_ticks(ticks, bottom + 16))
    return _svg(bottom + 24, label, out, "lanes")


OFFSETS = {"submit": -8, "grade": 8, "certificate": -8}
"""What often happens at one time stands above and below the lane, in pixels."""

SYMBOLS = {
    "enrol": '<circle r="5"/>',
    "leave": '<path d="M-4-4 4 4M4-4-4 4"/>',
    "view": '<rect x="-1.5" y="-4" width="3" height="8"/>',
    "submit": '<path d="M-5 4 0-5 5 4z"/>',
    "grade": '<path d="M0-6 5 0 0 6-5 0z"/>',
    "outcome": '<rect x="-5" y="-5" width="10" height="10"/>',
    "certificate": '<path d="M0-7 2-2 7-2 3 1.500 4.500 6.500 0 3.500-4.500 6.500-3 1.500-7-2-2-2z"/>',
}
"""A symbol for each kind of fact, so that nothing hangs on colour alone."""


def symbol(name: str) -> Markup:
    """Return one symbol as a picture for the legend and for lists."""
    return Markup(  # noqa: S704 - constants
        f'<svg class="symbol" width="16" height="16" aria-hidden="true">'
        f'<svg class="mark {name}" x="8" y="8">{SYMBOLS[name]}</svg></svg>'
    )


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


SYMBOL_OF = {
    "LearnerEnrolled": "enrol",
    "EnrolmentTransferred": "enrol",
    "SeatTaken": "enrol",
    "SeatsLimited": "enrol",
    "SeatsCounted": "enrol",
    "LearnerWithdrawn": "leave",
    "SeatReleased": "leave",
    "RunArchived": "leave",
    "CertificateRevoked": "leave",
    "VideoWatched": "view",
    "ItemViewed": "view",
    "ItemCompleted": "view",
    "ContentVersionPublished": "view",
    "SubmissionReceived": "submit",
    "SubmissionGraded": "grade",
    "ResultTransferred": "grade",
    "CourseGradeComputed": "grade",
    "GradingPolicyPublished": "grade",
    "CertificateIssued": "certificate",
}
"""The symbol of each type of fact; any other is an ``outcome``: something was decided."""


def symbol_of(fact_type: str) -> str:
    """Return the name of the symbol that stands for facts of this type."""
    return SYMBOL_OF.get(fact_type, "outcome")
