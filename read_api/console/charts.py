"""How is a series of numbers drawn? Inline SVG, without style attributes or script.

Horizontal places are per cent, vertical ones pixels: a chart fills its column on a phone and on a
desk, and its letters keep their size. Colours are classes (``s1`` … ``s8``) of the stylesheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from read_api.console.axes import Tick, nice_ceiling
from read_api.console.symbols import OFFSETS, SYMBOLS

LABEL_SHARE_MAX = 0.75
"""A lane's label begins no further right than this share of the axis."""
POINTS_MAX = 2_000
"""Marks in one chart, at most; callers aggregate before."""


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


def _upright(css: str, at: float, top: int, bottom: int) -> str:
    return f'<line class="{css}" x1="{_pct(at)}" x2="{_pct(at)}" y1="{top}" y2="{bottom}"/>'


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
        '<line class="grid" x1="0" x2="100%" y1="16" y2="16"/>',
        f'<text class="tick" x="0" y="11">{up:,} {escape(names[0])}</text>',
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
        out.append(_upright("moment", moment, 8, int(bottom)))
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


_PARTS = ("s5", "s1", "s6")


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
        for part, name, css in zip(row.parts, names, _PARTS, strict=False):
            if part:
                said = f"{escape(row.label)}: {part:,} {escape(name)}"
                out.append(
                    f'<rect class="{css}" x="{_pct(x)}" width="{_pct(part / longest)}"'
                    f' y="{y + 20}" height="8"><title>{said}</title></rect>'
                )
            x += part / longest
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
    bottom = 8 + height * len(series)
    out = [_upright("grid", tick.at, 8, bottom) for tick in ticks]
    for i, lane in enumerate(series):
        y = 8 + i * height + 36
        out.append(
            f'<text class="label" x="{_pct(min(lane.begins, LABEL_SHARE_MAX))}" y="{y - 20}">'
            f"{escape(lane.label)}</text>"
            f'<line class="lane" x1="{_pct(lane.begins)}" x2="{_pct(lane.ends)}"'
            f' y1="{y}" y2="{y}"/>'
        )
        for mark in lane.marks[:POINTS_MAX]:
            hollow = "" if mark.counts else " hollow"
            out.append(
                f'<svg class="mark {mark.symbol}{hollow}" x="{_pct(mark.at)}"'
                f' y="{y + OFFSETS.get(mark.symbol, 0)}"'
                f' data-position="{mark.position}">{SYMBOLS[mark.symbol]}'
                f"<title>{escape(mark.title)}</title></svg>"
            )
    if other is not None:
        out.append(_upright("moment other", other, 0, bottom))
    out.append(_upright("moment", moment, 0, bottom))
    out.extend(_ticks(ticks, bottom + 16))
    return _svg(bottom + 24, label, out, "lanes")
