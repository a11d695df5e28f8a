"""How far is a batch of regrades? Looked at again until it is completed."""

from __future__ import annotations

from fastapi import Request

from read_api.console.render import Page
from read_api.dependencies import ReadDependencies
from read_api.queries.regrades import regrade


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/runs/{run}/regrades/{batch}``."""
    names = request.path_params
    found = await regrade(deps, deps.principal(request), names["run"], names["batch"])
    told = {"found": found, "going": found.completed_at is None}
    return Page("regrade.html", f"Regrades in {found.run}", found, lambda: told, "Runs")
