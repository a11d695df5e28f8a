"""What exactly is recorded?"""

from __future__ import annotations

from typing import Any

from fastapi import Request

from domain.access.permissions import Permission
from read_api.console.render import Page
from read_api.console.rows import link_row
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.queries import facts

POSITION_DIGITS_MAX = 18
"""Positions fit into 8 bytes."""


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/facts/{position}``."""
    asked = request.path_params["position"]
    if not (asked.isascii() and asked.isdigit() and len(asked) <= POSITION_DIGITS_MAX):
        raise NotFound("fact", asked)
    found = await facts.fact(deps, deps.principal(request), int(asked))
    await deps.note(request, Permission.READ_RECORD, found.run, found.subject)
    return Page("fact.html", found.sentence, found, lambda: _draw(found))


def _draw(found: facts.RecordedFact) -> dict[str, Any]:
    return {
        "fact": found,
        "row": link_row(found),
        "as_of": found.as_of,
        "answer": found,
        "cause": found.cause and link_row(found.cause),
        "consequences": [link_row(link) for link in found.consequences],
        "together": [link_row(link) for link in found.together],
    }
