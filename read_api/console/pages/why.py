"""Which facts does a value on a learner's page follow from?"""

from __future__ import annotations

from typing import Any

from fastapi import Request

from read_api.console.asked import Asked, read_asked
from read_api.console.render import Page
from read_api.console.rows import entry_row
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter
from read_api.parts import parts
from read_api.queries import derivation

NAMES = {
    "grade": "The grade",
    "progress": "The progress",
    "status": "The status",
    "outcome": "The outcome",
    "certificate": "The certificate",
}


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/learners/{subject}/why?run=…&value=…``, as of the page's moment."""
    asked = read_asked(request)
    run, value = request.query_params.get("run"), request.query_params.get("value", "grade")
    if not run:
        raise BadParameter("run", "says in which run")
    found = await derivation.derivation(
        deps,
        deps.principal(request),
        run,
        asked.subject,
        value,
        item=request.query_params.get("item"),
        moment=asked.instant.moment,
    )
    title = f"{NAMES.get(found.value) or found.item} of {found.subject} in {found.run}"
    return Page("why.html", title, found, lambda: _draw(asked, found, title))


def _draw(asked: Asked, found: derivation.Derivation, heading: str) -> dict[str, Any]:
    return {
        "heading": heading,
        "found": found,
        "parts": [
            (name.replace(".", " ").replace("_", " "), said) for name, said in parts(found.shown)
        ],
        "answer": found,
        "as_of": found.as_of,
        "instant": asked.instant,
        "back": asked._replace(run=None).link(),
        "back_in_run": asked.link(),
        "rows": [
            (
                entry_row(fact, asked.instant, one_run=True),
                fact.actor,
                fact.grounds,
                asked.subject if fact.stream.endswith(f"/{asked.subject}") else None,
            )
            for fact in found.facts
        ],
    }
