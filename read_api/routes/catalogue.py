"""The routes of courses, runs and their analytics."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from domain.catalogue.state import RUN
from read_api.dependencies import ReadDependencies
from read_api.parameters import FreshQuery, Id, LearnerList, Listed, RunList
from read_api.queries import analytics, catalogue, content, learners, peer_review, runs, waitlist
from read_api.responses import described, has_tag, respond


class CatalogueRoutes:
    """Answers for ``/v1/courses``, ``/v1/runs`` and ``/v1/analytics``."""

    def __init__(self, deps: ReadDependencies) -> None:
        self._deps = deps

    def add_to(self, router: APIRouter) -> None:
        """Take the addresses."""
        add = router.add_api_route
        add(
            "/v1/courses/{course}",
            self.course,
            **described(catalogue.Course, "A course", "catalogue"),
        )
        add("/v1/runs", self.runs, **described(runs.Runs, "All runs", "catalogue"))
        add("/v1/runs/{run}", self.run, **described(catalogue.Run, "A run", "catalogue"))
        add(
            "/v1/runs/{run}/content",
            self.versions,
            **described(content.Versions, "The content versions of a run", "catalogue"),
        )
        add(
            "/v1/runs/{run}/content/{number}",
            self.version,
            **described(content.Version, "A content version of a run", "catalogue"),
        )
        add(
            "/v1/runs/{run}/content/{number}/since/{before}",
            self.difference,
            **described(content.Difference, "What differs between two versions", "catalogue"),
        )
        add(
            "/v1/runs/{run}/learners",
            self.learners,
            **described(learners.RunLearners, "The learners of a run", "catalogue"),
        )
        add(
            "/v1/runs/{run}/waitlist",
            self.waitlist,
            **described(waitlist.Waitlist, "The seats of a run and who waits", "catalogue"),
        )
        add(
            "/v1/runs/{run}/peer-pools",
            self.peer_pools,
            **described(peer_review.PeerPools, "Peer review in a run, by item", "catalogue"),
        )
        add(
            "/v1/runs/{run}/items/{item}/peer-pool",
            self.peer_pool,
            **described(peer_review.Pool, "What peers review on an item", "catalogue"),
        )
        add(
            "/v1/analytics/overview",
            self.overview,
            **described(analytics.Overview, "How everything is doing", "analytics"),
        )
        add(
            "/v1/analytics/runs/{run}",
            self.totals,
            **described(analytics.RunAnalytics, "How a run is doing", "analytics"),
        )
        add(
            "/v1/analytics/runs/{run}/daily",
            self.daily,
            **described(analytics.Daily, "A run by days", "analytics"),
        )
        add(
            "/v1/analytics/runs/{run}/items",
            self.items,
            **described(analytics.Items, "A run by items, with scores", "analytics"),
        )

    async def course(self, request: Request, course: Id, given: FreshQuery) -> Response:
        """The ETag is the version of the course's stream."""
        deps = self._deps
        found = await catalogue.course(
            deps, deps.principal(request), course, min_position=given.min_position
        )
        return respond(request, found, found.version)

    async def runs(self, request: Request, given: Annotated[RunList, Query()]) -> Response:
        """Sorted and in parts."""
        deps = self._deps
        return respond(
            request,
            await runs.runs(
                deps,
                deps.principal(request),
                sort=given.sort,
                course=given.course,
                words=given.q,
                limit=given.limit,
                after=given.next,
                min_position=given.min_position,
            ),
        )

    async def run(self, request: Request, run: Id, given: FreshQuery) -> Response:
        """The ETag is the version of the run's stream, which `If-Match` of a command takes. The
        content and the seats have streams of their own: when they have moved since, the answer is
        given in full, whatever `If-None-Match` says."""
        deps = self._deps
        asking = deps.principal(request)
        found = await catalogue.run(deps, asking, run, min_position=given.min_position)
        if has_tag(request, f'"{found.version}"'):
            stream = RUN.of(asking.tenant, run).name
            own = await deps.log.stream_position(asking.tenant, stream, found.version)
            if own != found.updated_position:
                request = _unconditional(request)
        return respond(request, found, found.version)

    async def versions(self, request: Request, run: Id, given: FreshQuery) -> Response:
        """Newest first, and the latest draft."""
        deps = self._deps
        asking = deps.principal(request)
        found = await content.versions(deps, asking, run, min_position=given.min_position)
        return respond(request, found)

    async def version(self, request: Request, run: Id, number: Id, given: FreshQuery) -> Response:
        """By its number; `draft` is the open draft."""
        deps = self._deps
        asking = deps.principal(request)
        found = await content.version(deps, asking, run, number, min_position=given.min_position)
        return respond(request, found)

    async def difference(
        self, request: Request, run: Id, number: Id, before: Id, given: FreshQuery
    ) -> Response:
        """How version `before` (`0`: nothing) becomes version `number` (or `draft`)."""
        deps = self._deps
        asking = deps.principal(request)
        found = await content.difference(
            deps, asking, run, before, number, min_position=given.min_position
        )
        return respond(request, found)

    async def learners(
        self, request: Request, run: Id, given: Annotated[LearnerList, Query()]
    ) -> Response:
        """Sorted and in parts."""
        deps = self._deps
        return respond(
            request,
            await learners.of_run(
                deps,
                deps.principal(request),
                run,
                sort=given.sort,
                status=given.status,
                outcome=given.outcome,
                limit=given.limit,
                after=given.next,
                min_position=given.min_position,
            ),
        )

    async def waitlist(
        self, request: Request, run: Id, given: Annotated[Listed, Query()]
    ) -> Response:
        """In the order of joining, in parts."""
        deps = self._deps
        return respond(
            request,
            await waitlist.of_run(
                deps,
                deps.principal(request),
                run,
                limit=given.limit,
                after=given.next,
                min_position=given.min_position,
            ),
        )

    async def peer_pools(self, request: Request, run: Id, given: FreshQuery) -> Response:
        """Submissions, reviews and scores of each peer task, in sums."""
        deps = self._deps
        found = await peer_review.pools(
            deps, deps.principal(request), run, min_position=given.min_position
        )
        return respond(request, found)

    async def peer_pool(
        self, request: Request, run: Id, item: Id, given: Annotated[Listed, Query()]
    ) -> Response:
        """By author, in parts."""
        deps = self._deps
        found = await peer_review.pool(
            deps,
            deps.principal(request),
            run,
            item,
            limit=given.limit,
            after=given.next,
            min_position=given.min_position,
        )
        return respond(request, found)

    async def overview(self, request: Request, given: FreshQuery) -> Response:
        """Totals of everything, and of each run."""
        deps, asking = self._deps, self._deps.principal(request)
        return respond(
            request, await analytics.overview(deps, asking, min_position=given.min_position)
        )

    async def totals(self, request: Request, run: Id, given: FreshQuery) -> Response:
        """Exact tallies."""
        deps, asking = self._deps, self._deps.principal(request)
        return respond(
            request, await analytics.run(deps, asking, run, min_position=given.min_position)
        )

    async def daily(self, request: Request, run: Id, given: FreshQuery) -> Response:
        """Days (UTC) on which something happened."""
        deps, asking = self._deps, self._deps.principal(request)
        return respond(
            request, await analytics.daily(deps, asking, run, min_position=given.min_position)
        )

    async def items(self, request: Request, run: Id, given: FreshQuery) -> Response:
        """Submissions, lateness and the distribution of scores."""
        deps, asking = self._deps, self._deps.principal(request)
        return respond(
            request, await analytics.items(deps, asking, run, min_position=given.min_position)
        )


def _unconditional(request: Request) -> Request:
    scope = dict(request.scope)
    scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"if-none-match"]
    return Request(scope)
