"""What happened to this person, as of when?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from fastapi import Request

from domain.access import Principal
from read_api.answers import Answer
from read_api.console import timeline
from read_api.console.difference import Difference, Standing, differences, grade_words
from read_api.console.formats import utc_text
from read_api.console.moments import Axis, Instant, read_instant
from read_api.console.render import Moved, Page, address
from read_api.console.rows import FactRow, entry_row
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter, NotFound
from read_api.queries import grade, history, learners, progress

FACTS_MAX = 2_000
"""Facts of one learner that the axis knows: the newest, where there are more."""
FACTS_PAGE = 500
FACTS_SHOWN = 80
"""Facts on one page of the list."""
RUNS_MAX = 12
"""Runs whose progress is worked out for one page."""
AXES: tuple[tuple[Axis, str], ...] = (("occurred", "Occurred by"), ("known", "Known by"))


class LearnerData(msgspec.Struct, frozen=True):
    """All that the page is drawn from: every fact, where the learner stood at the moment asked, and
    at the one that it is compared with."""

    subject: str
    standings: list[Standing]
    compared: list[Standing] | None
    facts: list[history.Entry]
    older_left_out: bool


class Asked(NamedTuple):
    """What the address says: the moment, the one to compare with, and how far down the list."""

    subject: str
    instant: Instant
    other: Instant | None
    skip: int = 0

    def link(self, **changes: Any) -> str:
        """Return this page's address with some of it changed, at the top of the list."""
        now = self._replace(**({"skip": 0} | changes))
        parameters: dict[str, Any] = {}
        if now.instant.at is not None:
            parameters[f"{now.instant.axis}_by"] = utc_text(now.instant.at)
        elif now.instant.axis == "known":
            parameters["axis"] = "known"
        if now.other is not None and now.other.at is not None:
            parameters[f"compare_{now.other.axis}_by"] = utc_text(now.other.at)
        elif now.other is not None:
            parameters["compare"] = "now"
        return address(f"/console/learners/{now.subject}", **parameters, skip=now.skip or None)


def read_asked(request: Request) -> Asked:
    """Read the address. Raises BadParameter."""
    query = request.query_params
    axis: Axis = "known" if query.get("axis") == "known" else "occurred"
    instant = read_instant(query) or Instant(axis, None)
    other = read_instant(query, "compare_")
    if other is None and query.get("compare") == "now":
        other = Instant(instant.axis, None)
    skip = query.get("skip", "0")
    if not skip.isascii() or not skip.isdigit() or len(skip) > 6:
        raise BadParameter("skip", "must be a number of facts")
    return Asked(request.path_params["subject"], instant, other, int(skip))


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/learners/{subject}``; a slider sent as a form moves to its moment."""
    asking = deps.principal(request)
    asked = read_asked(request)
    facts, cut = await _facts(deps, asking, asked.subject)
    if (slid := request.query_params.get("slide")) is not None:
        raise Moved(_slid(asked, facts, slid))
    here, there, about = await asyncio.gather(
        _standings(deps, asking, asked.subject, asked.instant),
        _standings(deps, asking, asked.subject, asked.other),
        learners.learner(deps, asking, asked.subject),
    )
    data = LearnerData(asked.subject, here, there if asked.other else None, facts, cut)
    types = {"types": " ".join(deps.registry.types)}
    return Page("learner.html", asked.subject, data, lambda: _draw(asked, data, about) | types)


async def _facts(
    deps: ReadDependencies, asking: Principal, subject: str
) -> tuple[list[history.Entry], bool]:
    found: list[history.Entry] = []
    cursor: str | None = None
    for _ in range(FACTS_MAX // FACTS_PAGE):
        page = await history.history(
            deps, asking, subject, newest_first=True, limit=FACTS_PAGE, after=cursor
        )
        found += page.facts
        cursor = page.next
        if cursor is None:
            break
    return found[::-1], cursor is not None


async def _standings(
    deps: ReadDependencies, asking: Principal, subject: str, instant: Instant | None
) -> list[Standing]:
    if instant is None:
        return []
    moment = instant.moment
    try:
        found = await learners.enrolments(deps, asking, subject, moment=moment)
    except NotFound:
        return []

    async def standing(row: learners.EnrolmentRow) -> Standing:
        done = await progress.progress(deps, asking, row.run, subject, moment=moment)
        return Standing(row, done, await grade.grade(deps, asking, row.run, subject, moment=moment))

    return list(await asyncio.gather(*(standing(row) for row in found.enrolments[:RUNS_MAX])))


def _slid(asked: Asked, facts: Sequence[history.Entry], slid: str) -> str:
    drawn = timeline.draw(facts, asked.instant, None, asked.subject)
    if drawn is None or not slid.isascii() or not slid.isdigit() or len(slid) > 6:
        raise BadParameter("slide", "must be a step of the slider")
    instant = asked.instant._replace(at=drawn.slider.at(int(slid)))
    return asked.link(instant=instant)


def _draw(asked: Asked, data: LearnerData, about: Answer) -> dict[str, Any]:
    drawn = timeline.draw(data.facts, asked.instant, asked.other, asked.subject)
    ordered = sorted(
        data.facts,
        key=lambda fact: (timeline.axis_time(fact, asked.instant.axis), fact.position),
        reverse=True,
    )
    shown = ordered[asked.skip : asked.skip + FACTS_SHOWN]
    older = asked.skip + FACTS_SHOWN
    return {
        "subject": asked.subject,
        "answer": about,
        "as_of": data.standings[0].progress.as_of if data.standings else about.as_of,
        "instant": asked.instant,
        "other": asked.other,
        "drawn": drawn,
        "symbols": sorted({entry_row(fact, asked.instant).symbol for fact in data.facts}),
        "axes": [(a, name, asked.link(instant=Instant(a, None))) for a, name in AXES],
        "links": _links(asked, ordered),
        "standings": [_card(standing) for standing in data.standings],
        "difference": _difference(asked, data),
        "days": _by_day(asked.instant, shown),
        "total": len(data.facts),
        "within": sum(asked.instant.counts(f.occurred_at, f.recorded_at) for f in data.facts),
        "older": asked.link(skip=older) if older < len(ordered) else None,
        "newer": asked.link(skip=max(0, asked.skip - FACTS_SHOWN)) if asked.skip else None,
        "cut": data.older_left_out,
    }


def _links(asked: Asked, newest_first: Sequence[history.Entry]) -> dict[str, str | None]:
    instant = asked.instant
    times = [timeline.axis_time(fact, instant.axis) for fact in newest_first]
    before = [at for at in times if instant.at is None or at < instant.at]
    if instant.at is None:
        before = [at for at in before if at < times[0]]
    after = [at for at in times if instant.at is not None and at > instant.at]

    def to(times: Sequence[Any], index: int) -> str | None:
        return asked.link(instant=instant._replace(at=times[index])) if times else None

    return {
        "previous": to(before, 0),
        "next": to(after, -1),
        "now": asked.link(instant=instant._replace(at=None)) if instant.at else None,
        "compare": None if asked.other else asked.link(other=instant),
        "alone": asked.link(other=None) if asked.other else None,
        "swap": asked.link(instant=asked.other, other=instant) if asked.other else None,
    }


def _card(standing: Standing) -> dict[str, Any]:
    done = standing.progress
    touched = [
        item
        for item in done.items
        if item.attempts or item.banked or item.covered_ms or item.viewed_at or item.completed_at
        or item.kind in progress.SUBMITTED_KINDS
    ]
    return {
        "row": standing.enrolment,
        "progress": done,
        "items": touched,
        "untouched": len(done.items) - len(touched),
        "grade": standing.grade,
        "grade_words": grade_words(standing.grade),
    }


def _difference(asked: Asked, data: LearnerData) -> dict[str, Any] | None:
    if asked.other is None or data.compared is None:
        return None
    sides = [(asked.other, data.compared), (asked.instant, data.standings)]
    if asked.other.axis == asked.instant.axis and _later(asked.other, asked.instant):
        sides.reverse()
    (first, before), (second, after) = sides
    rows: list[Difference] = differences(before, after)
    between = [
        entry_row(fact, second)
        for fact in data.facts
        if second.counts(fact.occurred_at, fact.recorded_at)
        and not first.counts(fact.occurred_at, fact.recorded_at)
    ]
    return {"first": first, "second": second, "rows": rows, "between": len(between)}


def _later(one: Instant, other: Instant) -> bool:
    if one.at is None:
        return other.at is not None
    return other.at is not None and one.at > other.at


def _by_day(
    instant: Instant, facts: Sequence[history.Entry]
) -> list[tuple[str, list[FactRow]]]:
    days: dict[str, list[FactRow]] = {}
    for fact in facts:
        day = f"{timeline.axis_time(fact, instant.axis):%A, %-d %B %Y}"
        days.setdefault(day, []).append(entry_row(fact, instant))
    return list(days.items())
