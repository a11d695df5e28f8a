"""Which batches of regrades has a run? One is looked at again until it is completed."""

from __future__ import annotations

from fastapi import Request

from read_api.console.render import Page, address
from read_api.dependencies import ReadDependencies
from read_api.queries.regrades import regrade, regrades


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/runs/{run}/regrades``."""
    run = request.path_params["run"]
    after = request.query_params.get("after") or None
    found = await regrades(deps, deps.principal(request), run, after=after)
    told = {
        "found": found,
        "as_of": found.as_of,
        "more": found.next and address(f"/console/runs/{run}/regrades", after=found.next),
    }
    return Page("regrades.html", f"Regrades in {run}", found, lambda: told, "Runs")


async def load_batch(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/runs/{run}/regrades/{batch}``."""
    names = request.path_params
    found = await regrade(deps, deps.principal(request), names["run"], names["batch"])
    told = {"found": found, "going": found.completed_at is None}
    return Page("regrade.html", f"Regrades in {found.run}", found, lambda: told, "Runs")
