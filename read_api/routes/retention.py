"""The routes of retention: the rules, and what they would take."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field
from starlette.requests import Request
from starlette.responses import Response

from read_api.cursors import CURSOR_CHARACTERS_MAX
from read_api.dependencies import ReadDependencies
from read_api.parameters import Fresh, FreshQuery
from read_api.queries import retention
from read_api.responses import described, respond


class Preview(Fresh):
    """By when."""

    by: AwareDatetime | None = Field(default=None, description="Now, if it is not given.")
    next: str | None = Field(
        default=None,
        max_length=CURSOR_CHARACTERS_MAX,
        description="The cursor from the answer before.",
    )


class RetentionRoutes:
    """Answers for ``/v1/retention``."""

    def __init__(self, deps: ReadDependencies) -> None:
        self._deps = deps

    def add_to(self, router: APIRouter) -> None:
        """Take the addresses."""
        router.add_api_route(
            "/v1/retention/rules",
            self.rules,
            **described(retention.RetentionRules, "How long is kept what", "learners"),
        )
        router.add_api_route(
            "/v1/retention/preview",
            self.preview,
            **described(retention.RetentionPreview, "Whose personal fields would go", "learners"),
        )

    async def rules(self, request: Request, given: FreshQuery) -> Response:
        """Of all that apply to a learner, the longest decides."""
        found = await retention.rules(*self._asked(request), min_position=given.min_position)
        return respond(request, found)

    async def preview(self, request: Request, given: Annotated[Preview, Query()]) -> Response:
        """Nothing is done. Learners are looked through some hundred at a time."""
        found = await retention.preview(
            *self._asked(request), by=given.by, after=given.next, min_position=given.min_position
        )
        return respond(request, found)

    def _asked(self, request: Request) -> tuple[ReadDependencies, Any]:
        return self._deps, self._deps.principal(request)
