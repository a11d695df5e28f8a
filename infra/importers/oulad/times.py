"""When, by this importer's written convention, did something happen on a day of a run?

OULAD counts days from a run's official start, which it tells to the month only: a presentation
``2013B`` began in February 2013, ``2013J`` in October. The convention is the first of that month,
00:00 UTC, and an hour of the day for each kind of row.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START_MONTHS = {"B": 2, "J": 10}

REGISTER = "08:00:00"
SUBMIT = "12:00:00"
GRADE = "18:00:00"
UNREGISTER = "20:00:00"
OUTCOME = "22:00:00"
DUE = "23:59:59.999999"
MIDNIGHT = "00:00:00"


class Calendar:
    """The days of one presentation as RFC 3339 texts in UTC."""

    def __init__(self, presentation: str) -> None:
        """Raises ValueError for a presentation that is not a year and B or J."""
        year, letter = presentation[:-1], presentation[-1:]
        if letter not in START_MONTHS or not year.isdigit():
            raise ValueError(f"{presentation!r} is not a year followed by B or J")
        self.start = datetime(int(year), START_MONTHS[letter], 1, tzinfo=UTC)
        self._dates: dict[int, str] = {}

    def at(self, day: int, time: str) -> str:
        """Return a time of the day with this number (0 is the day of the start)."""
        date = self._dates.get(day)
        if date is None:
            date = self._dates[day] = (self.start + timedelta(days=day)).date().isoformat()
        return f"{date}T{time}Z"
