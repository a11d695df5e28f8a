"""What time is it, for what happens because time passes, when a clock may jump?"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(seconds=5)
"""So far a clock may be set at once, as is done to keep it right, without being doubted."""
DOUBT_SECONDS = 60.0
"""A clock that jumped further is believed when it has stood by it for so long."""


def wall() -> datetime:
    """The computer's clock, in UTC."""
    return datetime.now(UTC)


def elapsed() -> float:
    """Seconds that passed since some moment, also while the computer slept."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class SteadyClock:
    """A clock that does not jump at once: it goes on as before while the computer's is doubted.

    What falls due cannot be taken back, so a clock that is wrong for a moment must not send it.
    """

    def __init__(
        self,
        wall: Callable[[], datetime] = wall,
        elapsed: Callable[[], float] = elapsed,
    ) -> None:
        self._wall, self._elapsed = wall, elapsed
        self._epoch = self._at_zero()
        self._doubted: datetime | None = None
        self._since = 0.0

    @property
    def doubted(self) -> bool:
        """Whether the computer's clock jumped a moment ago."""
        return self._doubted is not None

    def now(self) -> datetime:
        """Return the time, in UTC."""
        at_zero, elapsed = self._at_zero(), self._elapsed()
        if abs(at_zero - self._epoch) <= TOLERANCE:
            self._epoch, self._doubted = at_zero, None
        elif self._doubted is None or abs(at_zero - self._doubted) > TOLERANCE:
            self._doubted, self._since = at_zero, elapsed
        elif elapsed - self._since >= DOUBT_SECONDS:
            self._epoch, self._doubted = at_zero, None
        return self._epoch + timedelta(seconds=elapsed)

    def _at_zero(self) -> datetime:
        """What the computer's clock said when nothing had elapsed yet."""
        return self._wall() - timedelta(seconds=self._elapsed())
