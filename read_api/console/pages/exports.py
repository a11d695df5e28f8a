"""How does a learner get all that is kept about them?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import Request

from domain.jobs import Job, JobState
from read_api.console.render import Moved, Page
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
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
    jobs: Sequence[Job] = await subject_access.asked(deps, deps.principal(request).tenant, subject)
    if export is not None:
        jobs = [job for job in jobs if job.job == export]
        if not jobs:
            raise NotFound("export", export)
    shown = Shown(subject, [_row(job) for job in jobs])
    waits = any(job.state in UNDER_WAY for job in jobs)
    drawn = {"subject": subject, "jobs": shown.exports, "waits": waits, "every": REFRESH_SECONDS}
    return Page("exports.html", f"Export of {subject}", shown, lambda: drawn)


async def ask(deps: ReadDependencies, request: Request) -> Page:
    """Have one made, and go back to where it is shown. Raises Moved, NotFound and TooManyJobs."""
    subject = request.path_params["subject"]
    await subject_access.ask(deps, deps.principal(request), subject)
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
