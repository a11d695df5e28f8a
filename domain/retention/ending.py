"""Until when are a learner's personal fields kept, by the rules in force?"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from domain.retention.facts import Rule


class Trace(NamedTuple):
    """What a learner has of one type of fact in one run (None: in none): when the last one
    occurred, when the run ends, and when they left it last, if they are out of it."""

    type: str
    run: str | None
    last: datetime
    ends: datetime | None = None
    left: datetime | None = None


class Ending(NamedTuple):
    """The rule that keeps them longest, and until when; None: it keeps them for good, or until
    something happens that has not."""

    rule: str
    until: datetime | None


def ending(rules: Mapping[str, Rule], traces: Iterable[Trace]) -> Ending | None:
    """Return what the rules come to for a learner. None: none applies, and nothing ends.

    All personal fields of a learner are sealed with one key, so that the longest of the periods
    that apply decides for all of them.
    """
    known = list(traces)
    longest: Ending | None = None
    for name, rule in sorted(rules.items()):
        own = [one for one in known if not rule.types or one.type in rule.types]
        if not own:
            continue
        until = _until(rule, own)
        if until is None:
            return Ending(name, None)
        if longest is None or longest.until is None or until > longest.until:
            longest = Ending(name, until)
    return longest


def _until(rule: Rule, own: list[Trace]) -> datetime | None:
    if rule.months is None:
        return None
    last = max(one.last for one in own)
    in_runs = [one for one in own if one.run is not None]
    moments: list[datetime | None] = [last]
    if in_runs and rule.after == "run-end":
        moments = [one.ends for one in in_runs]
    elif in_runs and rule.after == "withdrawal":
        moments = [one.left for one in in_runs]
    found = [at for at in moments if at is not None]
    if len(found) < len(moments):
        return None  # a run without an end, or one that they are in
    return later(max(found), rule.months)


def later(at: datetime, months: int) -> datetime:
    """Return the same day so many months later, or the last of that month."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return at.replace(year=year, month=month + 1, day=day)
