"""How do a learner's facts stand on one axis of time?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup

from read_api.console import axes, charts, symbols
from read_api.console.moments import Axis, Instant, Slider, slider_over
from read_api.queries.history import Entry

MARKS_MAX = 240
"""Symbols on all lanes together; closer ones are drawn as one."""
_GRAINS = (400, 200, 100, 50, 25, 10)
"""Into how many places an axis is cut where symbols are drawn as one."""
NO_RUN = "Without a run"


class _Place(NamedTuple):
    run: str
    symbol: str
    place: int
    counts: bool


class Timeline(NamedTuple):
    """The chart and the slider under it, on one scale."""

    chart: Markup
    slider: Slider


def axis_time(entry: Entry, axis: Axis) -> datetime:
    """Return the one of a fact's times that an axis is about."""
    return entry.recorded_at if axis == "known" else entry.occurred_at


def draw(
    facts: Sequence[Entry], instant: Instant, other: Instant | None, subject: str
) -> Timeline | None:
    """Draw the lanes; None where there are no facts. ``other`` is drawn if it is on this axis."""
    if not facts:
        return None
    slider = slider_over([axis_time(fact, instant.axis) for fact in facts])
    compared = other.at if other and other.axis == instant.axis else None
    chart = charts.lanes(
        _lanes(facts, instant, slider),
        axes.time_ticks(slider.begin, slider.end),
        f"What is recorded of {subject}, by time",
        1.0 if instant.at is None else slider.share(instant.at),
        None if compared is None else slider.share(compared),
    )
    return Timeline(chart, slider)


def _lanes(facts: Sequence[Entry], instant: Instant, slider: Slider) -> list[charts.Lane]:
    for grain in _GRAINS:
        places = _places(facts, instant, slider, grain)
        if len(places) <= MARKS_MAX:
            break
    lanes = []
    for run in dict.fromkeys(fact.run or NO_RUN for fact in facts):
        at = [slider.share(axis_time(f, instant.axis)) for f in facts if (f.run or NO_RUN) == run]
        here = {place: found for place, found in places.items() if place.run == run}
        marks = [_mark(place, found, instant.axis, slider) for place, found in here.items()]
        lanes.append(charts.Lane(run, min(at), max(at), marks))
    return lanes


def _places(
    facts: Sequence[Entry], instant: Instant, slider: Slider, grain: int
) -> dict[_Place, list[Entry]]:
    places: dict[_Place, list[Entry]] = {}
    for fact in facts:
        place = _Place(
            fact.run or NO_RUN,
            symbols.symbol_of(fact.type),
            int(slider.share(axis_time(fact, instant.axis)) * grain),
            instant.counts(fact.occurred_at, fact.recorded_at),
        )
        places.setdefault(place, []).append(fact)
    return places


def _mark(place: _Place, found: Sequence[Entry], axis: Axis, slider: Slider) -> charts.Mark:
    first = found[0]
    more = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
    at = axis_time(first, axis)
    return charts.Mark(
        slider.share(at),
        place.symbol,
        f"{first.sentence}{more}, {at:%-d %b %Y %H:%M} UTC",
        first.position,
        place.counts,
    )
