"""The policy that was tried is to be the run's: published, and every grade computed again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from fastapi import Request

from domain.access.deciding import may, require_strong
from domain.access.permissions import Permission
from domain.jobs import JobState
from read_api.console.forms import read_form
from read_api.console.pages import what_if as tried
from read_api.console.render import Moved, Page
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.ports.sending import ToSend
from read_api.queries import regrades, what_if

REASON_CHARACTERS_MAX = 500


async def act(deps: ReadDependencies, request: Request) -> Page:
    """Publish the policy and start the batch, and go on to how far that is; or say why not.

    It changes the grades of many, and so takes what overriding a single one takes. Raises NotStrong
    or NotFound.
    """
    run, asking = request.path_params["run"], deps.principal(request)
    job = await tried.require_job(deps, request)
    form = await read_form(request, "reason")
    reason = form.get("reason", "").strip()
    only_if_higher = "only_if_higher" in form
    require_strong(asking, Permission.OVERRIDE_GRADES)
    batch = batch_of(job.job)
    if await _begun(deps, request, batch):
        raise Moved(address(run, batch))
    error = None
    if job.state is not JobState.DONE or deps.sender is None:
        error = "This process takes no commands, or the job is not done."
    elif not may(asking, Permission.SET_GRADING_POLICY, run):
        error = "You may not set this run's grading policy."
    elif not 1 <= len(reason) <= REASON_CHARACTERS_MAX:
        error = f"Say why, in {REASON_CHARACTERS_MAX} characters at most."
    elif await what_if.outdated(deps, asking, run, (await tried.came(deps, job))[1]):
        error = "Policy, content or grades have changed since this was worked out: try it again."
    if error is not None or deps.sender is None:
        return await tried.show(deps, request, job, error)
    policy = {**msgspec.json.decode(job.request), "run": run}
    start = {"run": run, "batch": batch, "reason": reason, "only_if_higher": only_if_higher}
    for command in _commands(policy, start, job.job):
        for one in await deps.sender.send(asking, [command]):
            if one.fault is not None:
                return await tried.show(deps, request, job, one.fault)
    raise Moved(address(run, batch))


def batch_of(job: str) -> str:
    """Return the id of the batch that applies what a job tried: there is one."""
    return f"what-if-{job}"


def address(run: str, batch: str) -> str:
    """Return the page of a batch."""
    return f"/console/runs/{run}/regrades/{batch}"


def _commands(policy: Mapping[str, Any], start: Mapping[str, Any], job: str) -> Iterator[ToSend]:
    yield ToSend("publish-grading-policy", policy, f"what-if/{job}/policy")
    yield ToSend("start-regrade", start, f"what-if/{job}/batch")


async def _begun(deps: ReadDependencies, request: Request, batch: str) -> bool:
    try:
        await regrades.regrade(deps, deps.principal(request), request.path_params["run"], batch)
    except NotFound:
        return False
    return True
