"""Whose grade would be another under another policy? A form, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import Request

from domain.access.deciding import is_strong, may
from domain.access.permissions import Permission
from domain.jobs import Job, JobState
from read_api.console.forms import read_form
from read_api.console.render import Moved, Page
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter, NotFound, TooManyJobs
from read_api.queries import catalogue, what_if
from read_api.queries.policy_changes import Changed, Compared
from read_api.routes.jobs import JobStanding, require, standing

CHANGES_SHOWN_MAX = 500


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """A run, the policy in force as JSON, and what was tried before."""

    run: str
    policy: str
    jobs: list[JobStanding]
    error: str | None = None


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """How far a job is; when it is done, whose record would change, and the sums. ``error`` is why
    it was not applied."""

    run: str
    job: JobStanding
    changes: list[Changed]
    result: Compared | None
    error: str | None = None


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
    return await show(deps, request, await require_job(deps, request))


async def require_job(deps: ReadDependencies, request: Request) -> Job:
    """Return the job that the address names. Raises NotFound."""
    run, name = request.path_params["run"], request.path_params["job"]
    job = await require(deps, deps.principal(request), name)
    if (job.kind, job.about) != (what_if.KIND, run):
        raise NotFound("job", name)
    return job


async def show(
    deps: ReadDependencies, request: Request, job: Job, error: str | None = None
) -> Page:
    """Return the page of a job; ``error`` is why what was asked for on it was not done."""
    asking = deps.principal(request)
    changes, result = await came(deps, job)
    told = Came(run=job.about, job=standing(job), changes=changes, result=result, error=error)
    may_apply = deps.sender is not None and may(asking, Permission.SET_GRADING_POLICY, job.about)

    def draw() -> Mapping[str, Any]:
        return {
            "came": told,
            "shown": changes[:CHANGES_SHOWN_MAX],
            "going": job.state in (JobState.WAITING, JobState.RUNNING),
            "may_apply": may_apply,
            "strong": is_strong(asking, Permission.OVERRIDE_GRADES),
        }

    page = Page("what_if_job.html", f"What if, in {job.about}", told, draw, section="Runs")
    return page if error is None else page._replace(status=409)


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


async def came(deps: ReadDependencies, job: Job) -> tuple[list[Changed], Compared | None]:
    """Return what came of a job, nothing until it is done."""
    if job.state != JobState.DONE:
        return [], None
    lines = b"".join([piece async for piece in deps.jobs.result(job)]).splitlines()
    *changes, result = [msgspec.json.decode(line, type=Changed | Compared) for line in lines]
    return (
        [one for one in changes if isinstance(one, Changed)],
        result if isinstance(result, Compared) else None,
    )
