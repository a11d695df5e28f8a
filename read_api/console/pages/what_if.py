"""Whose grade would be another under another policy? A form, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import Request

from domain.jobs import Job, JobState
from read_api.console.forms import read_form
from read_api.console.render import Moved, Page
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter, TooManyJobs
from read_api.queries import catalogue, what_if
from read_api.routes.jobs import JobStanding, require, standing

CHANGES_SHOWN_MAX = 500


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """A run, the policy in force as JSON, and what was tried before."""

    run: str
    policy: str
    jobs: list[JobStanding]
    error: str | None = None


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """How far a job is; when it is done, whose record would change, and the sums."""

    run: str
    job: JobStanding
    changes: list[what_if.Changed]
    result: what_if.Compared | None


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/runs/{run}/what-if``: the form holds the policy in force."""
    run, asking = request.path_params["run"], deps.principal(request)
    found = await catalogue.run(deps, asking, run)
    now = {"policy": found.policy} | ({} if found.late is None else {"late": found.late})
    written = msgspec.json.format(msgspec.json.encode(now), indent=2).decode()
    return await _form(deps, request, written)


async def ask(deps: ReadDependencies, request: Request) -> Page:
    """Begin the job that the form asks for, and go on to it; or say what is wrong with it."""
    run, asking = request.path_params["run"], deps.principal(request)
    written = (await read_form(request, "policy")).get("policy", "")
    try:
        await what_if.require(deps, asking, run, written.encode(), 0)
        job = await deps.jobs.ask(what_if.KIND, run, asking, written.encode(), what_if.MEDIA_TYPE)
        if job is None:
            raise TooManyJobs("You have as many jobs under way as may be; one must end first.")
    except (BadParameter, TooManyJobs) as wrong:
        return await _form(deps, request, written, str(wrong))
    raise Moved(f"/console/runs/{run}/what-if/{job.job}")


async def load_job(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/runs/{run}/what-if/{job}``, which is looked at again until it is done."""
    run, name = request.path_params["run"], request.path_params["job"]
    job = await require(deps, deps.principal(request), name)
    changes, result = await _came(deps, job)
    came = Came(run=run, job=standing(job), changes=changes, result=result)

    def draw() -> Mapping[str, Any]:
        return {
            "came": came,
            "shown": changes[:CHANGES_SHOWN_MAX],
            "going": job.state in (JobState.WAITING, JobState.RUNNING),
        }

    return Page("what_if_job.html", f"What if, in {run}", came, draw, section="Runs")


async def _form(
    deps: ReadDependencies, request: Request, written: str, error: str | None = None
) -> Page:
    run, asking = request.path_params["run"], deps.principal(request)
    jobs = [
        standing(job)
        for job in await deps.jobs.asked(asking.tenant, what_if.KIND, run)
        if job.asked_by.actor == asking.actor
    ]
    tried = Tried(run=run, policy=written, jobs=jobs, error=error)
    status = 200 if error is None else 422
    page = Page("what_if.html", f"What if, in {run}", tried, lambda: {"tried": tried}, "Runs")
    return page._replace(status=status)


async def _came(
    deps: ReadDependencies, job: Job
) -> tuple[list[what_if.Changed], what_if.Compared | None]:
    if job.state != JobState.DONE:
        return [], None
    lines = b"".join([piece async for piece in deps.jobs.result(job)]).splitlines()
    *changes, result = [
        msgspec.json.decode(line, type=what_if.Changed | what_if.Compared) for line in lines
    ]
    return (
        [one for one in changes if isinstance(one, what_if.Changed)],
        result if isinstance(result, what_if.Compared) else None,
    )
