"""The routes of erasures."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from read_api.dependencies import ReadDependencies
from read_api.parameters import Id, Listed
from read_api.queries import erasures
from read_api.responses import described, respond


class ErasureRoutes:
    """Answers for ``/v1/erasures`` and ``/v1/learners/{subject}/erasure``."""

    def __init__(self, deps: ReadDependencies) -> None:
        self._deps = deps

    def add_to(self, router: APIRouter) -> None:
        """Take the addresses."""
        router.add_api_route(
            "/v1/erasures",
            self.erasures,
            **described(erasures.Erasures, "Erasures, the latest first", "privacy"),
        )
        router.add_api_route(
            "/v1/learners/{subject}/erasure",
            self.of_learner,
            **described(erasures.LearnerErasure, "How far a learner's erasure is", "privacy"),
        )

    async def erasures(self, request: Request, given: Annotated[Listed, Query()]) -> Response:
        """Who was to be forgotten, when, and since when they are."""
        found = await erasures.erasures(
            *self._asked(request),
            limit=given.limit,
            after=given.next,
            min_position=given.min_position,
        )
        return respond(request, found)

    async def of_learner(self, request: Request, subject: Id, min_position: int = 0) -> Response:
        """Each step that is done, with its receipts, and the legal holds that stand."""
        found = await erasures.of_learner(
            *self._asked(request), subject, min_position=max(0, min_position)
        )
        return respond(request, found)

    def _asked(self, request: Request) -> tuple[ReadDependencies, Any]:
        return self._deps, self._deps.principal(request)
