"""How does a learner get all that is kept about them?"""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import Request

from domain.jobs import Job, JobState
from read_api.console.render import Moved, Page
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound, TooManyJobs
from read_api.queries import subject_access

UNDER_WAY = (JobState.WAITING, JobState.RUNNING)
REFRESH_SECONDS = 2


class Shown(msgspec.Struct, frozen=True):
    """The exports of a learner, the latest first, without who asked for what else."""

    subject: str
    exports: list[dict[str, Any]]


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/learners/{subject}/exports``, and the address of each. Raises NotFound."""
    subject, export = request.path_params["subject"], request.path_params.get("export")
    jobs = await deps.jobs.asked(deps.principal(request).tenant, subject_access.KIND, subject)
    if export is not None:
        jobs = [job for job in jobs if job.job == export]
        if not jobs:
            raise NotFound("export", export)
    shown = Shown(subject, [_row(job) for job in jobs])
    waits = any(job.state in UNDER_WAY for job in jobs)
    drawn = {"subject": subject, "jobs": shown.exports, "waits": waits, "every": REFRESH_SECONDS}
    return Page("exports.html", f"Export of {subject}", shown, lambda: drawn)


async def ask(deps: ReadDependencies, request: Request) -> Page:
    """Have one made, and go back to where it is shown. Raises Moved."""
    subject = request.path_params["subject"]
    asking = deps.principal(request)
    of = (subject_access.KIND, subject)
    if await deps.jobs.ask(*of, asking, b"", subject_access.SEALED) is None:
        raise TooManyJobs("You have as many jobs under way as may be; one must end first.")
    raise Moved(f"/console/learners/{subject}/exports")


async def fetch(deps: ReadDependencies, request: Request) -> Page:
    """Make a link, and go there. Raises Moved and NotFound."""
    subject, export = request.path_params["subject"], request.path_params["export"]
    job = await deps.jobs.job(deps.principal(request).tenant, export)
    if job is None or (job.kind, job.about) != (subject_access.KIND, subject):
        raise NotFound("export", export)
    token, _ = await subject_access.link(deps, job)
    raise Moved(f"/v1/exports/{token}")


def _row(job: Job) -> dict[str, Any]:
    return {
        "export": job.job,
        "state": str(job.state),
        "done": job.done,
        "of": job.of,
        "asked_at": job.asked_at,
        "expires_at": job.expires_at,
        "error": job.error,
    }
