"""The routes of certificates, search, single facts and the log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from domain.access.permissions import Permission
from read_api.dependencies import ReadDependencies
from read_api.parameters import POSITION_MAX, FreshQuery, Id, None_, SearchList
from read_api.queries import certificates, facts, log, search
from read_api.responses import described, respond

At = Annotated[int, Path(ge=1, le=POSITION_MAX)]


class RecordRoutes:
    """Answers for ``/v1/certificates``, ``/v1/search``, ``/v1/facts`` and ``/v1/log``."""

    def __init__(self, deps: ReadDependencies) -> None:
        self._deps = deps

    def add_to(self, router: APIRouter) -> None:
        """Take the addresses."""
        add = router.add_api_route
        add(
            "/v1/certificates/{certificate}",
            self.certificate,
            **described(certificates.Certificate, "A certificate", "records"),
        )
        add("/v1/search", self.search, **described(search.Found, "Find anything", "records"))
        add(
            "/v1/facts/{position}",
            self.fact,
            **described(facts.RecordedFact, "One fact of the log", "records"),
        )
        add("/v1/log", self.log, **described(log.LogHead, "Where the log ends", "records"))

    async def certificate(self, request: Request, certificate: Id, given: FreshQuery) -> Response:
        """Whether it stands, and what it says."""
        deps, asking = self._deps, self._deps.principal(request)
        found = await certificates.certificate(
            deps, asking, certificate, min_position=given.min_position
        )
        await deps.note(request, Permission.READ_RECORD, found.run, found.subject)
        return respond(request, found)

    async def search(self, request: Request, given: Annotated[SearchList, Query()]) -> Response:
        """Courses, runs, items, learners by pseudonym, and certificates; as of an earlier moment
        the first three, as they were published then."""
        deps, asking = self._deps, self._deps.principal(request)
        found = await search.search(
            deps,
            asking,
            given.q,
            kind=given.kind,
            limit=given.limit,
            after=given.next,
            moment=given.moment,
            min_position=given.min_position,
        )
        return respond(request, found)

    async def fact(self, request: Request, position: At, _: Annotated[None_, Query()]) -> Response:
        """Envelope, payload, and what hangs together with it."""
        deps = self._deps
        found = await facts.fact(deps, deps.principal(request), position)
        await deps.note(request, Permission.READ_RECORD, found.run, found.subject)
        return respond(request, found)

    async def log(self, request: Request, _: Annotated[None_, Query()]) -> Response:
        """The last position, when it was recorded, and the epoch."""
        deps = self._deps
        return respond(request, await log.log(deps, deps.principal(request)))
