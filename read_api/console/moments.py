"""As of when does a page speak: which moment, on which of the two axes of time?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple

from read_api.answers import Moment
from read_api.errors import BadParameter

Axis = Literal["occurred", "known"]

STEPS_MAX = 1_000
"""Steps of a slider, at most."""
MARGIN_STEPS = 4
"""Steps before and after the facts where an axis is not cut into days: none stands at its end."""
_STEPS_MS = (1, 10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000, 86_400_000, 604_800_000)
"""Lengths of a slider's step, in milliseconds."""
_DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(NamedTuple):
    """A moment on one axis: what had occurred by ``at``, or what was recorded by ``at``.

    ``at`` None is now: all that is known.
    """

    axis: Axis
    at: datetime | None

    @property
    def moment(self) -> Moment:
        """Return it as queries take it."""
        if self.at is None:
            return Moment()
        if self.axis == "known":
            return Moment(recorded=self.at)
        return Moment(occurred=self.at)

    def counts(self, occurred_at: datetime, recorded_at: datetime) -> bool:
        """Whether a fact with these times is within the moment."""
        return self.at is None or self.on_axis(occurred_at, recorded_at) <= self.at

    def on_axis(self, occurred_at: datetime, recorded_at: datetime) -> datetime:
        """Return the one of a fact's two times that this axis is about."""
        return recorded_at if self.axis == "known" else occurred_at


def read_instant(parameters: Mapping[str, str], prefix: str = "") -> Instant | None:
    """Read ``occurred_by`` or ``known_by``, a day (to its end, UTC) or a time. None: not given.

    Raises BadParameter where both are given or one cannot be read.
    """
    given: list[Axis] = [
        axis for axis in ("occurred", "known") if parameters.get(f"{prefix}{axis}_by")
    ]
    if not given:
        return None
    if len(given) > 1:
        raise BadParameter(f"{prefix}known_by", "cannot stand beside occurred_by: choose one")
    name = f"{prefix}{given[0]}_by"
    return Instant(given[0], parse(name, parameters[name]))


def parse(name: str, text: str) -> datetime:
    """Read a day or an RFC 3339 time. Raises BadParameter."""
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), time.max, UTC)
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise BadParameter(name, "must be a day (2014-05-03) or a time with zone") from None
    if found.tzinfo is None:
        raise BadParameter(name, "needs a time zone, such as Z")
    return found.astimezone(UTC)


class Slider(NamedTuple):
    """An axis cut into ``steps`` equal steps of ``step_ms`` milliseconds."""

    begin: datetime
    step_ms: int
    steps: int

    @property
    def end(self) -> datetime:
        """The last moment of the axis."""
        return self.begin + timedelta(milliseconds=self.step_ms * self.steps)

    @property
    def begin_ms(self) -> int:
        """The first moment, in milliseconds since 1970."""
        return (self.begin - _EPOCH) // timedelta(milliseconds=1)

    def share(self, at: datetime) -> float:
        """Return where a moment stands, from 0 to 1; what lies outside stands at the edge."""
        return min(1.0, max(0.0, (at - self.begin) / (self.end - self.begin)))

    def value(self, at: datetime | None) -> int:
        """Return the step at or before a moment; the last one for now."""
        if at is None or at >= self.end:
            return self.steps
        return max(0, (at - self.begin) // timedelta(milliseconds=self.step_ms))

    def at(self, value: int) -> datetime:
        """Return the moment of a step."""
        return self.begin + timedelta(milliseconds=self.step_ms * min(max(0, value), self.steps))


def slider_over(times: Sequence[datetime]) -> Slider:
    """Cut the span of these times into round steps; steps of days end with the day (UTC)."""
    low, high = min(times), max(times)
    span = (high - low) // timedelta(milliseconds=1)
    step = next(
        (s for s in _STEPS_MS if span // s + 2 + 2 * MARGIN_STEPS <= STEPS_MAX), _STEPS_MS[-1]
    )
    if span > 4 * _DAY_MS:
        step = max(step, _DAY_MS)
    low_ms = (low - _EPOCH) // timedelta(milliseconds=1)
    begin = _EPOCH + timedelta(milliseconds=low_ms // step * step)
    if step >= _DAY_MS:
        begin = datetime.combine(low.date(), time(), UTC) - timedelta(milliseconds=1)
    else:
        begin -= MARGIN_STEPS * timedelta(milliseconds=step)
    steps = -((begin - high) // timedelta(milliseconds=step))
    return Slider(begin, step, max(1, steps) + (0 if step >= _DAY_MS else MARGIN_STEPS))
