"""What does a version of a run's content hold, and what has it changed?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
from fastapi import Request

from domain.wording import counted
from read_api.console.render import Page, address
from read_api.dependencies import ReadDependencies
from read_api.queries import content
from read_api.sentences.words import lateness

WHAT = {"added": "good", "removed": "warn", "changed": "", "moved": ""}
"""How each kind of change is marked."""
_ON_EXPIRY = {
    "submit": "what is there is handed in",
    "grace": "some grace",
    "abandon": "it is abandoned",
}
"""What happens to an attempt when its time is up, in words."""


class ContentData(msgspec.Struct, frozen=True):
    """All that the page is drawn from: the answers of the queries, as they are."""

    version: content.Version
    versions: content.Versions
    difference: content.Difference


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/runs/{run}/content/{number}?since=…``; since: the version before it."""
    asking = deps.principal(request)
    run, number = request.path_params["run"], request.path_params["number"]
    version = await content.version(deps, asking, run, number)
    listed = await content.versions(deps, asking, run)
    base = version.number - 1 if version.number is not None else listed.draft and listed.draft.base
    since = request.query_params.get("since") or str(base or 0)
    found = await content.difference(deps, asking, run, since, number)
    data = ContentData(version, listed, found)
    title = f"Content of {run}, {named(number)}"
    return Page("content.html", title, data, lambda: _draw(data, number, title), section="Runs")


def named(number: str) -> str:
    """Return how a version is called."""
    return "draft" if number == content.DRAFT else f"version {number}"


def by_module(version: content.Version) -> list[tuple[content.Module, list[content.Item]]]:
    """Return the items by module: those that are described first, in order."""
    found = {module.module: (module, list[content.Item]()) for module in version.modules}
    for item in version.items:
        found.setdefault(item.module, (content.Module(item.module), []))[1].append(item)
    return list(found.values())


def terms(item: content.Item) -> Iterator[str]:
    """Say how often and for how long an item can be tried."""
    if item.attempts:
        yield counted(item.attempts, "attempt")
    if item.cooldown_s:
        yield f"{lateness(item.cooldown_s)} between them"
    if item.time_limit_s:
        yield f"{lateness(item.time_limit_s)} each, then {_ON_EXPIRY[item.on_expiry]}"


def _draw(data: ContentData, number: str, title: str) -> dict[str, Any]:
    version, difference = data.version, data.difference
    here = f"/console/runs/{version.run}/content/{number}"
    others = [str(row.number) for row in data.versions.versions if str(row.number) != number]
    return {
        "heading": title,
        "run": version.run,
        "version": version,
        "answer": version,
        "as_of": version.as_of,
        "modules": by_module(version),
        "terms": terms,
        "objectives": {one.objective: one.text for one in version.objectives},
        "since": named(difference.before) if difference.before != content.NOTHING else "nothing",
        "bases": [
            (named(one), address(here, since=one), one == difference.before) for one in others
        ],
        "changes": [
            (change, WHAT[change.what], _shown(change.before), _shown(change.after))
            for change in difference.changes
        ],
    }


def _shown(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
