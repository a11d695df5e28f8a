"""The routes of gradebooks: to read, to take along, to try a changed one, or another policy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from domain.access import Principal
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter
from read_api.parameters import FreshQuery, Id, Listed
from read_api.queries import grade_changes, gradebook, gradebook_csv, regrades, what_if
from read_api.queries.grade_lines import CSV_BYTES_MAX
from read_api.responses import JSON, described, respond
from read_api.routes.jobs import accepted, begin

CSV = "text/csv"


class GradeRoutes:
    """Answers for ``/v1/runs/{run}/gradebook``."""

    def __init__(self, deps: ReadDependencies) -> None:
        self._deps = deps

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
            status_code=202,
            openapi_extra={"requestBody": {"content": {JSON: {"schema": {"type": "object"}}}}},
            **accepted("Whose grade would be another under another policy", "grades"),
        )
        add(
            "/v1/runs/{run}/regrades",
            self.regrades,
            **described(regrades.Regrades, "Batches of regrades of a run", "grades"),
        )
        add(
            "/v1/runs/{run}/regrades/{batch}",
            self.regrade,
            **described(regrades.Regrade, "How far a batch of regrades is", "grades"),
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
        parts = gradebook_csv.as_csv(*self._asked(request), run, min_position=given.min_position)
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
        """A job: everybody's facts are replayed, and nothing is written. The body is that of
        `publish-grading-policy`, without `run`. Its result is one JSON object a line: a `change`
        for each learner whose grade, pass or certificate on record would be another, and a `result`
        with the sums at last, also of how many grades a batch of regrades would raise and lower."""
        deps, asking = self._asked(request)
        body = await _body(request)
        await what_if.require(deps, asking, run, body, given.min_position)
        return await begin(deps, asking, what_if.KIND, run, body, what_if.MEDIA_TYPE)

    async def regrades(
        self, request: Request, run: Id, given: Annotated[Listed, Query()]
    ) -> Response:
        """The latest first: who began each, why, and whether it is completed."""
        found = await regrades.regrades(
            *self._asked(request),
            run,
            limit=given.limit,
            after=given.next,
            min_position=given.min_position,
        )
        return respond(request, found)

    async def regrade(self, request: Request, run: Id, batch: Id, given: FreshQuery) -> Response:
        """Begun by `start-regrade`. Ask again until it is completed."""
        found = await regrades.regrade(*self._asked(request), run, batch, given.min_position)
        return respond(request, found)

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
        if len(read) > CSV_BYTES_MAX:
            raise BadParameter("body", f"may have {CSV_BYTES_MAX} bytes at most")
    return bytes(read)
