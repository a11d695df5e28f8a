"""The routes of jobs: how far is what was asked for, and what came of it?"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from domain.access import Principal
from domain.jobs import Job, JobState
from read_api.dependencies import ReadDependencies
from read_api.errors import NotDone, NotFound, TooManyJobs
from read_api.parameters import Id, None_
from read_api.responses import described, problem_answers, respond

ADDRESS = "/v1/jobs"


class JobStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was asked for and takes its time: ``waiting``, ``running``, ``done`` or
    ``failed``. ``done`` of ``of`` is how far it is; ``result`` is where what came of it is kept,
    until ``expires_at``; ``error`` says why it failed."""

    job: str
    kind: str
    about: str
    state: JobState
    done: int
    of: int | None
    asked_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    expires_at: datetime | None
    error: str | None
    result: str | None


def standing(job: Job) -> JobStanding:
    """Return what is told of a job."""
    return JobStanding(
        job=job.job,
        kind=job.kind,
        about=job.about,
        state=job.state,
        done=job.done,
        of=job.of,
        asked_at=job.asked_at,
        began_at=job.began_at,
        ended_at=job.ended_at,
        expires_at=job.expires_at,
        error=job.error,
        result=f"{ADDRESS}/{job.job}/result" if job.state == JobState.DONE else None,
    )


def accepted(summary: str, *tags: str) -> dict[str, Any]:
    """Return what a route that begins a job says of itself in the OpenAPI document."""
    told = described(JobStanding, summary, *tags)
    ok = told["responses"].pop(200)
    del told["responses"][304]
    told["responses"][202] = {
        "description": "It was asked for; ``Location`` says how far it is",
        "content": ok["content"],
        "headers": {"Location": {"schema": {"type": "string"}}},
    }
    told["responses"] |= problem_answers(413, 429)
    return told


async def begin(
    deps: ReadDependencies, asking: Principal, kind: str, about: str, request: bytes, media: str
) -> Response:
    """Ask for a job, and say where to look for it. Raises TooManyJobs."""
    job = await deps.jobs.ask(kind, about, asking, request, media)
    if job is None:
        raise TooManyJobs("You have as many jobs under way as may be; one must end first.")
    headers = {"location": f"{ADDRESS}/{job.job}", "cache-control": "no-store"}
    return Response(msgspec.json.encode(standing(job)), 202, headers, media_type="application/json")


async def require(deps: ReadDependencies, asking: Principal, job: str) -> Job:
    """Return a job of whoever asks, and of nobody else: what came of it may hold grades. Raises
    NotFound."""
    found = await deps.jobs.job(asking.tenant, job)
    if found is None or found.asked_by.actor != asking.actor:
        raise NotFound("job", job)
    return found


class JobRoutes:
    """Answers for ``/v1/jobs``."""

    def __init__(self, deps: ReadDependencies) -> None:
        self._deps = deps

    def add_to(self, router: APIRouter) -> None:
        """Take the addresses."""
        one = f"{ADDRESS}/{{job}}"
        router.add_api_route(
            one, self.standing, **described(JobStanding, "How far a job is", "jobs")
        )
        router.add_api_route(
            one,
            self.drop,
            methods=["DELETE"],
            summary="Forget a job",
            tags=["jobs"],
            status_code=204,
            response_class=Response,
            responses={204: {"description": "It is forgotten"}, **problem_answers(404, 422, 503)},
        )
        router.add_api_route(
            f"{one}/result",
            self.result,
            summary="What came of a job",
            tags=["jobs"],
            response_model=None,
            response_class=StreamingResponse,
            responses={
                200: {
                    "description": "What was asked for, in the form that its kind has",
                    "content": {"*/*": {"schema": {"type": "string"}}},
                },
                **problem_answers(404, 409, 422, 503),
            },
        )

    async def standing(self, request: Request, job: Id, _: Annotated[None_, Query()]) -> Response:
        """Ask again until it is `done` or `failed`. Whoever asked for it sees it, nobody else."""
        return respond(request, standing(await self._found(request, job)))

    async def drop(self, request: Request, job: Id, _: Annotated[None_, Query()]) -> Response:
        """With what came of it. Where it runs, that ends."""
        await self._deps.jobs.drop(await self._found(request, job))
        return Response(status_code=204)

    async def result(self, request: Request, job: Id, _: Annotated[None_, Query()]) -> Response:
        """Kept for a day."""
        found = await self._found(request, job)
        if found.state != JobState.DONE:
            raise NotDone(job, found.state, found.error)
        headers = {"cache-control": "no-store"}
        pieces = self._deps.jobs.result(found)
        return StreamingResponse(pieces, headers=headers, media_type=found.media_type)

    async def _found(self, request: Request, job: str) -> Job:
        return await require(self._deps, self._deps.principal(request), job)
