"""The routes by which a learner gets all that is kept about them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from domain.jobs import Job, JobState
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.parameters import Id, None_
from read_api.queries import subject_access
from read_api.responses import described, problem_answers, respond

ADDRESS = "/v1/learners/{subject}/exports"
DOWNLOAD = "/v1/exports/{token}"
NO_STORE = {"cache-control": "no-store"}
JSON = "application/json"

Token = Annotated[str, Path(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """A file with all that is kept about a learner: ``waiting``, ``running``, ``done`` or
    ``failed``. ``done`` of ``of`` is how far it is; it is kept until ``expires_at``."""

    export: str
    subject: str
    state: JobState
    done: int
    of: int | None
    asked_at: datetime
    asked_by: str
    ended_at: datetime | None
    expires_at: datetime | None
    error: str | None


class Exports(msgspec.Struct, frozen=True, kw_only=True):
    """The exports of a learner that are known still, the latest first."""

    exports: list[Export]


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """An address by which whoever has it fetches this one file, until it expires."""

    link: str
    expires_at: datetime


class ExportRoutes:
    """Answers for ``/v1/learners/{subject}/exports`` and ``/v1/exports``."""

    def __init__(self, deps: ReadDependencies) -> None:
        self._deps = deps

    def add_to(self, router: APIRouter) -> None:
        """Take the addresses."""
        add = router.add_api_route
        add(ADDRESS, self.ask, methods=["POST"], **_made(Export, 202, "Ask for all of a learner"))
        add(ADDRESS, self.exports, **described(Exports, "Exports of a learner", "learners"))
        one = f"{ADDRESS}/{{export}}"
        add(one, self.export, **described(Export, "How far an export is", "learners"))
        add(
            f"{one}/link",
            self.link,
            methods=["POST"],
            **_made(Link, 201, "A link by which an export is fetched"),
        )
        add(
            DOWNLOAD,
            self.download,
            summary="Fetch an export",
            tags=["learners"],
            response_model=None,
            response_class=StreamingResponse,
            responses={
                200: {"description": "The file", "content": {"application/zip": {}}},
                **problem_answers(404, 422, 503),
            },
        )

    async def ask(self, request: Request, subject: Id, _: Annotated[None_, Query()]) -> Response:
        """Made in the background: profile, consents, every fact with proofs, and pages to read."""
        asking = self._deps.principal(request)
        told = _told(await subject_access.ask(self._deps, asking, subject))
        headers = {"location": f"/v1/learners/{subject}/exports/{told.export}", **NO_STORE}
        return Response(msgspec.json.encode(told), 202, headers, media_type=JSON)

    async def exports(
        self, request: Request, subject: Id, _: Annotated[None_, Query()]
    ) -> Response:
        """Each is known for a day after it is done."""
        tenant = self._deps.principal(request).tenant
        jobs = await subject_access.asked(self._deps, tenant, subject)
        return respond(request, Exports(exports=[_told(job) for job in jobs]))

    async def export(
        self, request: Request, subject: Id, export: Id, _: Annotated[None_, Query()]
    ) -> Response:
        """Ask again until it is `done` or `failed`."""
        return respond(request, _told(await self._found(request, subject, export)))

    async def link(
        self, request: Request, subject: Id, export: Id, _: Annotated[None_, Query()]
    ) -> Response:
        """It holds for an hour, for whoever has it: hand it to the learner, or fetch it at once."""
        job = await self._found(request, subject, export)
        token, until = await subject_access.link(self._deps, job)
        made = Link(link=DOWNLOAD.format(token=token), expires_at=until)
        return Response(msgspec.json.encode(made), 201, NO_STORE, media_type=JSON)

    async def download(self, token: Token, _: Annotated[None_, Query()]) -> Response:
        """The link is the right to it; one that expired, or of somebody erased, leads nowhere."""
        job = await self._deps.jobs.linked(subject_access.digest(token))
        if job is None:
            raise NotFound("export", "under this link, or it has expired")
        pieces = subject_access.opened(self._deps, job)
        first = await anext(pieces)

        async def all_of_it() -> Any:
            yield first
            async for piece in pieces:
                yield piece

        name = f'attachment; filename="{job.about}.zip"'
        headers = {"content-disposition": name, "referrer-policy": "no-referrer", **NO_STORE}
        return StreamingResponse(all_of_it(), headers=headers, media_type="application/zip")

    async def _found(self, request: Request, subject: str, export: str) -> Job:
        job = await self._deps.jobs.job(self._deps.principal(request).tenant, export)
        if job is None or (job.kind, job.about) != (subject_access.KIND, subject):
            raise NotFound("export", export)
        return job


def _told(job: Job) -> Export:
    return Export(
        export=job.job,
        subject=job.about,
        state=job.state,
        done=job.done,
        of=job.of,
        asked_at=job.asked_at,
        asked_by=job.asked_by.actor,
        ended_at=job.ended_at,
        expires_at=job.expires_at,
        error=job.error,
    )


def _made(answer: type[msgspec.Struct], status: int, summary: str) -> dict[str, Any]:
    """Return what a route that makes something says of itself in the OpenAPI document."""
    told = described(answer, summary, "learners")
    ok = told["responses"].pop(200)
    del told["responses"][304]
    told["responses"][status] = {"description": ok["description"], "content": ok["content"]}
    told["responses"] |= problem_answers(429)
    return told
