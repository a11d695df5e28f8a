"""The routes of gradebooks: to read, to take along, to try a changed one, or another policy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from domain.access import Principal
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter
from read_api.parameters import FreshQuery, Id, Listed
from read_api.queries import grade_changes, gradebook, what_if
from read_api.responses import JSON, described, respond

CSV = "text/csv"
NDJSON = "application/x-ndjson"
REPLAYS_MAX = 1
"""A replay of a run takes a core; who comes later waits."""


class GradeRoutes:
    """Answers for ``/v1/runs/{run}/gradebook``."""

    def __init__(self, deps: ReadDependencies) -> None:
        self._deps = deps
        self._replaying = asyncio.Semaphore(REPLAYS_MAX)

    def add_to(self, router: APIRouter) -> None:
        """Take the addresses."""
        add = router.add_api_route
        add(
            "/v1/runs/{run}/gradebook",
            self.gradebook,
            **described(gradebook.Gradebook, "Scores and grades of a run's learners", "grades"),
        )
        add(
            "/v1/runs/{run}/gradebook.csv",
            self.table,
            summary="The whole gradebook as CSV",
            tags=["grades"],
            response_model=None,
            response_class=StreamingResponse,
            responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}},
        )
        add(
            "/v1/runs/{run}/what-if",
            self.what_if,
            methods=["POST"],
            summary="Whose grade would be another under another policy",
            tags=["grades"],
            response_model=None,
            response_class=StreamingResponse,
            responses={200: {"content": {NDJSON: {"schema": {"type": "string"}}}}},
            openapi_extra={"requestBody": {"content": {JSON: {"schema": {"type": "object"}}}}},
        )
        add(
            "/v1/runs/{run}/gradebook/preview",
            self.preview,
            methods=["POST"],
            openapi_extra={"requestBody": {"content": {CSV: {"schema": {"type": "string"}}}}},
            **described(
                grade_changes.GradeChanges, "What a changed gradebook would change", "grades"
            ),
        )

    async def gradebook(
        self, request: Request, run: Id, given: Annotated[Listed, Query()]
    ) -> Response:
        """By subject, in parts."""
        found = await gradebook.gradebook(
            *self._asked(request),
            run,
            limit=given.limit,
            after=given.next,
            min_position=given.min_position,
        )
        return respond(request, found)

    async def table(self, request: Request, run: Id, given: FreshQuery) -> Response:
        """As it can be opened, changed in a spreadsheet, and given to `preview`."""
        parts = gradebook.as_csv(*self._asked(request), run, min_position=given.min_position)
        first = await anext(parts)

        async def all_parts() -> AsyncIterator[str]:
            yield first
            async for part in parts:
                yield part

        headers = {
            "content-disposition": f'attachment; filename="{run}.csv"',
            "cache-control": "no-store",
        }
        return StreamingResponse(all_parts(), headers=headers, media_type=f"{CSV}; charset=utf-8")

    async def what_if(self, request: Request, run: Id, given: FreshQuery) -> Response:
        """The body is that of `publish-grading-policy`, without `run`. The answer is one JSON
        object a line: `progress` with `done` and `of`, a `change` for each learner whose grade,
        pass or certificate would be another, and a `result` with the sums at last. Everybody's
        facts are replayed; nothing is written. Whoever closes the connection ends it."""
        deps, asking = self._asked(request)
        policies = what_if.Policies(*deps.read_policy(await _body(request)))

        async def told() -> AsyncGenerator[bytes]:
            async with self._replaying:
                found = what_if.what_if(
                    deps, asking, run, policies, min_position=given.min_position
                )
                async for one in found:
                    yield msgspec.json.encode(one) + b"\n"

        lines = told()
        first = await anext(lines)

        async def all_lines() -> AsyncIterator[bytes]:
            async with aclosing(lines):
                yield first
                async for line in lines:
                    yield line

        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(all_lines(), headers=headers, media_type=NDJSON)

    async def preview(self, request: Request, run: Id, given: FreshQuery) -> Response:
        """The body is a gradebook as CSV, with cells changed: an empty one changes nothing, `EX`
        excuses, `AUTO` lets what was computed count again, a score overrides. The answer holds the
        commands that it takes; nothing is written."""
        found = await grade_changes.preview(
            *self._asked(request), run, await _body(request), min_position=given.min_position
        )
        return respond(request, found)

    def _asked(self, request: Request) -> tuple[ReadDependencies, Principal]:
        return self._deps, self._deps.principal(request)


async def _body(request: Request) -> bytes:
    """Read the body. Raises BadParameter where it is too large."""
    read = bytearray()
    async for part in request.stream():
        read += part
        if len(read) > grade_changes.CSV_BYTES_MAX:
            raise BadParameter("body", f"may have {grade_changes.CSV_BYTES_MAX} bytes at most")
    return bytes(read)
