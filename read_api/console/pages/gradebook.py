"""Which scores and grades has everybody in this run?"""

from __future__ import annotations

from typing import Any

from fastapi import Request

from domain.access import Principal
from domain.access.deciding import is_strong, may
from domain.access.permissions import Permission
from read_api.console.render import Page, address
from read_api.dependencies import ReadDependencies
from read_api.queries import gradebook

LEARNERS_MAX = 50
"""Learners on one page."""


def number(request: Request, name: str) -> int:
    """Return a whole number of the address; 0 where there is none."""
    given = request.query_params.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else 0


def goes_on(asking: Principal, run: str) -> bool:
    """Whether a changed gradebook can go its way: who will need a second factor to apply it gives
    that first, for signing in loses what was pasted."""
    overrides = Permission.OVERRIDE_GRADES
    return is_strong(asking, overrides) or not may(asking, overrides, run)


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/runs/{run}/gradebook``."""
    run = request.path_params["run"]
    found = await gradebook.gradebook(
        deps,
        deps.principal(request),
        run,
        limit=LEARNERS_MAX,
        after=request.query_params.get("after") or None,
        min_position=number(request, "since"),
    )
    title = f"Gradebook of {run}"
    may_change = goes_on(deps.principal(request), run)
    return Page(
        "gradebook.html",
        title,
        found,
        lambda: (
            _draw(found, title) | {"applied": number(request, "applied"), "may_change": may_change}
        ),
        section="Runs",
    )


def _draw(found: gradebook.Gradebook, heading: str) -> dict[str, Any]:
    here = f"/console/runs/{found.run}/gradebook"
    return {
        "heading": heading,
        "found": found,
        "answer": found,
        "as_of": found.as_of,
        "table": f"/console/v1/runs/{found.run}/gradebook.csv",
        "more": found.next and address(here, after=found.next),
        "lines": [
            (
                line,
                address(f"/console/learners/{line.subject}/grade", run=found.run),
                {cell.item: cell for cell in line.cells},
            )
            for line in found.learners
        ],
    }
