"""The routes of roles and reads: who has which role, and who had; who read which record?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field
from starlette.requests import Request
from starlette.responses import Response

from domain.access import Principal
from domain.access.facts import RoleName
from read_api.cursors import CURSOR_CHARACTERS_MAX, LIMIT_ROWS_DEFAULT, LIMIT_ROWS_MAX
from read_api.dependencies import ReadDependencies
from read_api.parameters import AnyId, AsOf, AsOfQuery, Id, Listed, Parameters
from read_api.queries import grants, reads
from read_api.responses import described, respond


class GrantList(Listed, AsOf):
    """Which grants, as of which moment."""

    role: RoleName | None = None
    run: AnyId | None = None
    ended: bool = Field(
        default=False, description="Also those that had been taken back or were over by then."
    )


class Span(Parameters):
    """A part of the reads of a time."""

    begin: AwareDatetime | None = Field(default=None, alias="from", description="From then on.")
    end: AwareDatetime | None = Field(default=None, alias="to", description="Before then.")
    limit: int = Field(default=LIMIT_ROWS_DEFAULT, ge=1, le=LIMIT_ROWS_MAX)
    next: str | None = Field(default=None, max_length=CURSOR_CHARACTERS_MAX)


class ReadList(Span):
    """Which reads: of a subject (also those of all of a run that they are in), of a run, by an
    actor."""

    subject: AnyId | None = None
    run: AnyId | None = None
    actor: AnyId | None = None


class AccessRoutes:
    """Answers for ``/v1/access``, ``/v1/access-log`` and ``/v1/learners/…/reads``."""

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

        add(
            "/v1/access-log",
            self.access_log,
            **described(reads.AccessLog, "Who read which record", "access"),
        )
        add(
            "/v1/learners/{subject}/reads",
            self.reads,
            **described(reads.AccessLog, "Who read a learner's record", "access"),
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

    async def access_log(self, request: Request, given: Annotated[ReadList, Query()]) -> Response:
        """Latest first, in parts; kept for two years."""
        found = await reads.access_log(
            *self._asked(request),
            subject=given.subject,
            run=given.run,
            actor=given.actor,
            begin=given.begin,
            end=given.end,
            limit=given.limit,
            after=given.next,
        )
        return respond(request, found)

    async def reads(
        self, request: Request, subject: Id, given: Annotated[Span, Query()]
    ) -> Response:
        """Latest first, in parts; also those of all learners, or of all in a run that this one is
        in. What learners read of themselves is not among them."""
        found = await reads.access_log(
            *self._asked(request),
            subject=subject,
            begin=given.begin,
            end=given.end,
            limit=given.limit,
            after=given.next,
        )
        return respond(request, found)

    def _asked(self, request: Request) -> tuple[ReadDependencies, Principal]:
        return self._deps, self._deps.principal(request)
