"""The routes of roles: who has which, and who had."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from domain.access import Principal
from read_api.dependencies import ReadDependencies
from read_api.parameters import AnyId, AsOf, AsOfQuery, Id, Listed
from read_api.queries import grants
from read_api.responses import described, respond


class GrantList(Listed, AsOf):
    """Which grants, as of which moment."""

    role: AnyId | None = None
    run: AnyId | None = None
    ended: bool = Field(
        default=False, description="Also those that had been taken back or were over by then."
    )


class AccessRoutes:
    """Answers for ``/v1/access``."""

    def __init__(self, deps: ReadDependencies) -> None:
        self._deps = deps

    def add_to(self, router: APIRouter) -> None:
        """Take the addresses."""
        add = router.add_api_route
        add("/v1/access", self.grants, **described(grants.Grants, "Who has which role", "access"))
        add(
            "/v1/access/{actor}",
            self.holder,
            **described(grants.Holder, "What somebody was granted, and may do by it", "access"),
        )

    async def grants(self, request: Request, given: Annotated[GrantList, Query()]) -> Response:
        """By holder, in parts; as of a moment those that held then."""
        found = await grants.grants(
            *self._asked(request),
            role=given.role,
            run=given.run,
            ended=given.ended,
            moment=given.moment,
            limit=given.limit,
            after=given.next,
            min_position=given.min_position,
        )
        return respond(request, found)

    async def holder(self, request: Request, actor: Id, given: AsOfQuery) -> Response:
        """As of a moment: what they had then, and what it would permit today."""
        found = await grants.of_holder(
            *self._asked(request), actor, moment=given.moment, min_position=given.min_position
        )
        return respond(request, found)

    def _asked(self, request: Request) -> tuple[ReadDependencies, Principal]:
        return self._deps, self._deps.principal(request)
