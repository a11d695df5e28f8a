"""What happened to this person, as of when?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
from fastapi import Request

from domain.access import Principal
from domain.enrolment.facts import WaitlistJoined
from domain.privacy.state import ERASURE
from read_api.console import timeline
from read_api.console.asked import Asked, read_asked
from read_api.console.difference import Standing
from read_api.console.learner_view import LearnerData, draw
from read_api.console.moments import Instant
from read_api.console.render import Moved, Page
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter, NotFound
from read_api.queries import (
    enrolments,
    erasures,
    grade,
    history,
    learners,
    peer_review,
    profiles,
    progress,
    waitlist,
)
from read_api.queries.standing import read_stand

FACTS_MAX = 2_000
"""Facts of one learner that the axis knows: the newest, where there are more."""
FACTS_PAGE = 500
RUNS_MAX = 12
"""Runs whose progress is worked out for one page."""
_OF_ERASURE = frozenset(cls.__name__ for cls in ERASURE.facts)


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/learners/{subject}?run=…``; a slider sent as a form moves to its moment.

    With a run it tells what is in that run, as to who teaches it and may see no more.
    """
    asking = deps.principal(request)
    asked = read_asked(request)
    known, person, here, there = await asyncio.gather(
        _facts(deps, asking, asked),
        _person(deps, asking, asked),
        _standings(deps, asking, asked, asked.instant),
        _standings(deps, asking, asked, asked.other),
    )
    facts = known.facts[::-1]
    if (slid := request.query_params.get("slide")) is not None:
        raise Moved(_slid(asked, facts, slid))
    compared = there if asked.other else None
    cut = known.next is not None
    waits = []
    if cut or any(fact.type == WaitlistJoined.__name__ for fact in facts):
        moment = asked.instant.moment
        found = await waitlist.of_learner(deps, asking, asked.subject, moment=moment)
        waits = [row for row in found.waitlist if asked.run in (None, row.run)]
    erasure = None
    if asked.run is None and (cut or any(fact.type in _OF_ERASURE for fact in facts)):
        erasure = await _erasure(deps, asking, asked.subject)
    data = LearnerData(asked.subject, here, waits, compared, facts, cut, person, erasure)
    more = {"types": " ".join(deps.registry.types), "erasure": erasure}
    return Page("learner.html", asked.subject, data, lambda: draw(asked, data, known) | more)


async def _facts(deps: ReadDependencies, asking: Principal, asked: Asked) -> history.History:
    """Return all facts of a learner up to FACTS_MAX, newest first. Raises NotFound, also where
    nothing is recorded of them in the run asked for."""

    async def page(after: str | None) -> history.History:
        return await history.history(
            deps,
            asking,
            asked.subject,
            newest_first=True,
            run=asked.run,
            limit=FACTS_PAGE,
            after=after,
        )

    known = await page(None)
    if not known.facts:
        raise NotFound("learner", asked.subject)
    while known.next is not None and len(known.facts) < FACTS_MAX:
        more = await page(known.next)
        known = msgspec.structs.replace(known, facts=known.facts + more.facts, next=more.next)
    return known


async def _person(
    deps: ReadDependencies, asking: Principal, asked: Asked
) -> profiles.Profile | None:
    if asked.run is not None:
        return None  # who they are is of no run
    try:
        return await profiles.profile(deps, asking, asked.subject, moment=asked.instant.moment)
    except NotFound:
        return None  # nothing was known by that moment


async def _erasure(
    deps: ReadDependencies, asking: Principal, subject: str
) -> erasures.LearnerErasure | None:
    try:
        return await erasures.of_learner(deps, asking, subject)
    except NotFound:
        return None


async def _standings(
    deps: ReadDependencies, asking: Principal, asked: Asked, instant: Instant | None
) -> list[Standing]:
    if instant is None:
        return []
    subject, moment = asked.subject, instant.moment
    try:
        found = await learners.enrolments(deps, asking, subject, moment=moment)
    except NotFound:
        return []

    async def standing(row: learners.EnrolmentRow) -> Standing:
        stand = await read_stand(deps, asking, row.run, subject, moment, min_position=0)
        reviews = await peer_review.duties(deps, asking, row.run, subject, moment=moment)
        return Standing(
            row,
            progress.progressed(row.run, subject, stand),
            grade.graded(row.run, subject, stand, explain=False),
            enrolments.integrity_of(stand.enrolment),
            enrolments.terms_of(stand.enrolment),
            reviews.duties,
        )

    rows = [row for row in found.enrolments if asked.run in (None, row.run)]
    return list(await asyncio.gather(*(standing(row) for row in rows[:RUNS_MAX])))


def _slid(asked: Asked, facts: Sequence[history.Entry], slid: str) -> str:
    drawn = timeline.draw(facts, asked.instant, None, asked.subject)
    if drawn is None or not slid.isascii() or not slid.isdigit() or len(slid) > 6:
        raise BadParameter("slide", "must be a step of the slider")
    instant = asked.instant._replace(at=drawn.slider.at(int(slid)))
    return asked.link(instant=instant)
