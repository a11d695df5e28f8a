"""The routes of learners, their enrolments, progress, grades and history."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from read_api.answers import NOW
from read_api.dependencies import ReadDependencies
from read_api.parameters import AsOf, AsOfQuery, Between, Derived, Explained, HistoryList, Id
from read_api.queries import (
    derivation,
    difference,
    enrolments,
    grade,
    history,
    learners,
    peer_review,
    progress,
    waitlist,
)
from read_api.responses import described, respond


class LearnerRoutes:
    """Answers for ``/v1/learners`` and ``/v1/enrolments``, as of any moment."""

    def __init__(self, deps: ReadDependencies) -> None:
        self._deps = deps

    def add_to(self, router: APIRouter) -> None:
        """Take the addresses."""
        add = router.add_api_route
        add(
            "/v1/learners/{subject}",
            self.learner,
            **described(learners.Learner, "A learner in short", "learners"),
        )
        add(
            "/v1/learners/{subject}/enrolments",
            self.enrolments,
            **described(learners.Enrolments, "A learner's enrolments", "learners"),
        )
        add(
            "/v1/learners/{subject}/waitlist",
            self.waitlist,
            **described(waitlist.LearnerWaitlists, "Where a learner waits", "learners"),
        )
        add(
            "/v1/learners/{subject}/history",
            self.history,
            **described(history.History, "What happened to a learner, in words", "learners"),
        )
        add(
            "/v1/learners/{subject}/history/diff",
            self.difference,
            **described(difference.Difference, "What changed between two moments", "learners"),
        )
        add(
            "/v1/enrolments/{run}/{subject}/derivation",
            self.derivation,
            **described(derivation.Derivation, "The facts that a value follows from", "learners"),
        )
        add(
            "/v1/enrolments/{run}/{subject}",
            self.enrolment,
            **described(enrolments.Enrolment, "One learner in one run", "learners"),
        )
        add(
            "/v1/enrolments/{run}/{subject}/progress",
            self.progress,
            **described(progress.Progress, "How far a learner is in a run", "learners"),
        )
        add(
            "/v1/enrolments/{run}/{subject}/peer-reviews",
            self.peer_reviews,
            **described(peer_review.Duties, "What a learner owes in peer review", "learners"),
        )
        add(
            "/v1/enrolments/{run}/{subject}/grade",
            self.grade,
            **described(grade.Grade, "A learner's grade in a run, and why", "learners"),
        )

    async def learner(self, request: Request, subject: Id, given: AsOfQuery) -> Response:
        """How many enrolments, certificates and facts, and when."""
        found = await learners.learner(*self._asked(request), subject, **_when(given))
        return respond(request, found)

    async def enrolments(self, request: Request, subject: Id, given: AsOfQuery) -> Response:
        """First enrolled first."""
        found = await learners.enrolments(*self._asked(request), subject, **_when(given))
        return respond(request, found)

    async def waitlist(self, request: Request, subject: Id, given: AsOfQuery) -> Response:
        """First joined first, with what came of it."""
        found = await waitlist.of_learner(*self._asked(request), subject, **_when(given))
        return respond(request, found)

    async def history(
        self, request: Request, subject: Id, given: Annotated[HistoryList, Query()]
    ) -> Response:
        """Each fact with both its times and a sentence."""
        found = await history.history(
            *self._asked(request),
            subject,
            newest_first=given.order == "newest",
            types=given.type,
            run=given.run,
            limit=given.limit,
            after=given.next,
            **_when(given),
        )
        return respond(request, found)

    async def difference(
        self, request: Request, subject: Id, given: Annotated[Between, Query()]
    ) -> Response:
        """Each value that is not the same, how it was and became, and the facts between."""
        found = await difference.difference(
            *self._asked(request),
            subject,
            begin=difference.moment("from", given.begin, given.axis),
            end=NOW if given.end is None else difference.moment("to", given.end, given.axis),
            min_position=given.min_position,
        )
        return respond(request, found)

    async def derivation(
        self, request: Request, run: Id, subject: Id, given: Annotated[Derived, Query()]
    ) -> Response:
        """Folding just these facts gives the same value; without any of them, another."""
        found = await derivation.derivation(
            *self._asked(request), run, subject, given.value, item=given.item, **_when(given)
        )
        return respond(request, found)

    async def enrolment(self, request: Request, run: Id, subject: Id, given: AsOfQuery) -> Response:
        """The ETag is the version of the enrolment's stream."""
        found = await enrolments.enrolment(*self._asked(request), run, subject, **_when(given))
        return respond(request, found, found.version)

    async def progress(self, request: Request, run: Id, subject: Id, given: AsOfQuery) -> Response:
        """Item by item, against the run's content."""
        found = await progress.progress(*self._asked(request), run, subject, **_when(given))
        return respond(request, found)

    async def peer_reviews(
        self, request: Request, run: Id, subject: Id, given: AsOfQuery
    ) -> Response:
        """Reviews owed, made and received, by item."""
        found = await peer_review.duties(*self._asked(request), run, subject, **_when(given))
        return respond(request, found)

    async def grade(
        self, request: Request, run: Id, subject: Id, given: Annotated[Explained, Query()]
    ) -> Response:
        """As it would be computed now, as it was computed, and as the board decided."""
        found = await grade.grade(
            *self._asked(request), run, subject, explain=given.explain, **_when(given)
        )
        return respond(request, found)

    def _asked(self, request: Request) -> tuple[ReadDependencies, Any]:
        return self._deps, self._deps.principal(request)


def _when(given: AsOf) -> dict[str, Any]:
    return {"moment": given.moment, "min_position": given.min_position}
