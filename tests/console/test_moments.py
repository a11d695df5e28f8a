"""Does an address name the moment that it seems to name?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from read_api.answers import Moment
from read_api.console.moments import STEPS_MAX, Instant, read_instant, slider_over
from read_api.errors import BadParameter

MAY = datetime(2014, 5, 3, 23, 59, 59, 999_999, tzinfo=UTC)
TIMES = st.integers(0, 4_000_000_000_000_000).map(
    lambda microseconds: datetime(1970, 1, 2, tzinfo=UTC) + timedelta(microseconds=microseconds)
)


def test_a_day_means_to_its_end() -> None:
    """What we knew on 3 May is what was recorded by the last microsecond of that day, UTC."""
    assert read_instant({"known_by": "2014-05-03"}) == Instant("known", MAY)
    assert Instant("known", MAY).moment == Moment(recorded=MAY)


def test_a_time_is_taken_with_its_zone() -> None:
    """A time of another zone is the same instant; what had occurred by then is asked for."""
    found = read_instant({"occurred_by": "2014-05-03T14:00:00+02:00"})
    assert found is not None
    assert found.moment == Moment(occurred=datetime(2014, 5, 3, 12, tzinfo=UTC))


@pytest.mark.parametrize("text", ["yesterday", "2014-13-01", "2014-05-03T10:00:00", "0"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    """An address that cannot be read is an error that names the parameter, never a guess."""
    with pytest.raises(BadParameter, match="known_by"):
        read_instant({"known_by": text})


def test_both_kinds_of_time_at_once_are_refused() -> None:
    """A page is as of one moment on one axis."""
    with pytest.raises(BadParameter):
        read_instant({"known_by": "2014-05-03", "occurred_by": "2014-05-03"})


@given(st.lists(TIMES, min_size=1, max_size=20))
def test_a_slider_reaches_every_fact_in_a_bounded_number_of_steps(times: list[datetime]) -> None:
    """At its left end no fact counts yet, at its right end every one does."""
    slider = slider_over(times)
    weeks = (max(times) - min(times)) // timedelta(weeks=1)
    assert 1 <= slider.steps <= max(STEPS_MAX, weeks + 2)
    assert slider.begin < min(times)
    assert slider.end >= max(times)


@given(st.lists(TIMES, min_size=1, max_size=5), st.integers(0, 1_000))
def test_a_step_of_a_slider_is_read_back_as_itself(times: list[datetime], value: int) -> None:
    """Moving to a step and coming back by its address leaves the slider where it was."""
    slider = slider_over(times)
    step = min(value, slider.steps)
    assert slider.value(slider.at(step)) == step
