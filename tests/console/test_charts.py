"""Do charts draw the numbers that they are given, and nothing that could be markup?"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from read_api.console import axes, charts, symbols

NASTY = '<script>alert("x")</script>&'


@given(st.integers(0, 10**9))
def test_a_ceiling_is_never_below_the_value_nor_more_than_twice_it(value: int) -> None:
    """A chart's highest column fits, and fills at least half of the height."""
    ceiling = axes.nice_ceiling(value)
    assert value <= ceiling <= max(1, 2 * value)


def test_columns_keep_the_proportions_of_their_amounts() -> None:
    """A column twice as high stands for twice the amount, upwards and downwards alike."""
    drawn = charts.columns([charts.Column("a", 40, 20), charts.Column("b", 20, 0)], [], "label")
    heights = [float(rect.attrib["height"]) for rect in ET.fromstring(drawn).iter("rect")]  # noqa: S314
    assert heights[0] == pytest.approx(2 * heights[1], abs=0.2)
    assert heights[1] == pytest.approx(heights[2], abs=0.2)


def test_labels_are_never_markup() -> None:
    """What comes from the record is shown as text, wherever it stands in a picture."""
    mark = charts.Mark(0.5, "submit", NASTY, 1)
    for drawn in (
        charts.columns([charts.Column(NASTY, 1)], [axes.Tick(0.5, NASTY)], NASTY),
        charts.bars([charts.Row(NASTY, (1, 2), NASTY, NASTY)], ("x", NASTY), NASTY),
        charts.lanes([charts.Lane(NASTY, 0, 1, [mark])], [], NASTY, 0.5, 0.2),
        charts.sparkline([1, 2], NASTY),
    ):
        assert "<script" not in drawn
        ET.fromstring(drawn)  # noqa: S314


def test_pictures_carry_no_style_and_no_script() -> None:
    """The content security policy allows neither, so a picture must not need them."""
    drawn = charts.bars([charts.Row("a", (1, 2))], ("x", "y"), "label")
    assert "style=" not in drawn
    assert " on" not in drawn


def test_nothing_to_draw_draws_nothing() -> None:
    """An empty series is the page's empty state, not an empty picture."""
    assert charts.sparkline([], "label") == ""
    assert charts.sparkline([0, 0], "label") == ""


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.timedeltas(timedelta(milliseconds=1), timedelta(days=4_000)),
)
def test_ticks_stand_on_the_axis_in_order_and_are_few(begin: datetime, span: timedelta) -> None:
    """An axis of any length has between none and a dozen or so labels, none outside of it."""
    ticks = axes.time_ticks(begin, begin + span)
    assert len(ticks) <= 14
    assert all(0 <= tick.at <= 1 for tick in ticks)
    assert [tick.at for tick in ticks] == sorted(tick.at for tick in ticks)


def test_every_symbol_named_is_drawn() -> None:
    """Each kind of fact has a shape of its own, so that nothing hangs on colour alone."""
    assert set(symbols.SYMBOL_OF.values()) | {"outcome"} == set(symbols.SYMBOLS)
    assert len(set(symbols.SYMBOLS.values())) == len(symbols.SYMBOLS)
