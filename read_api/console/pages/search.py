"""Where is …?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from fastapi import Request

from read_api.answers import NOW, Moment
from read_api.console.render import Page, address
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter
from read_api.ports.search import Piece
from read_api.queries import search

HITS_MAX = 30
_PLURALS = {
    "course": "courses",
    "run": "runs",
    "item": "items",
    "learner": "learners",
    "certificate": "certificates",
}


class HitRow(NamedTuple):
    """One thing found: what it is, where it leads, and a text in pieces, of which some match."""

    kind: str
    id: str
    title: str
    href: str
    run: str | None
    highlight: Sequence[Piece]
    exact: bool


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/search?q=&kind=&after=&on=``; on: as it was known at the end of a day."""
    q = request.query_params.get("q", "").strip()[: search.QUERY_CHARACTERS_MAX]
    kind = request.query_params.get("kind") or None
    on = request.query_params.get("on") or None
    if not q:
        empty = {"query": "", "found": None, "on": on or ""}
        return Page("search.html", "Search", {"q": ""}, lambda: empty, "Search")
    found = await search.search(
        deps,
        deps.principal(request),
        q,
        kind=kind,
        limit=HITS_MAX,
        after=request.query_params.get("after") or None,
        moment=_end_of(on) if on else NOW,
    )
    return Page("search.html", f"Search: {q}", found, lambda: _draw(found, on), "Search")


def _end_of(day: str) -> Moment:
    """Return the last moment of a day (UTC). Raises BadParameter."""
    try:
        begin = datetime.combine(date.fromisoformat(day), time(), UTC)
        return Moment(recorded=begin + timedelta(days=1) - timedelta(microseconds=1))
    except (ValueError, OverflowError):
        raise BadParameter("on", "must be a day like 2013-10-01") from None


def _draw(found: search.Found, on: str | None) -> dict[str, Any]:
    def facet(kind: str | None) -> str:
        return address("/console/search", q=found.q, kind=kind, on=on)

    facets = [("All", facet(None), sum(found.facets.values()), found.kind is None)]
    facets += [
        (_PLURALS[kind].capitalize(), facet(kind), found.facets.get(kind, 0), found.kind == kind)
        for kind in search.KINDS
        if found.facets.get(kind) or found.kind == kind
    ]
    return {
        "query": found.q,
        "on": on or "",
        "found": found,
        "as_of": found.as_of,
        "answer": found,
        "facets": facets,
        "rows": [hit_row(hit) for hit in found.hits],
        "next": found.next
        and address("/console/search", q=found.q, kind=found.kind, after=found.next, on=on),
    }


def hit_row(hit: search.Hit) -> HitRow:
    """Say where a hit leads to."""
    href = {
        "course": address("/console/runs", q=hit.id),
        "run": f"/console/runs/{hit.id}",
        "item": f"/console/runs/{hit.run}#items",
        "learner": f"/console/learners/{hit.id}",
        "certificate": f"/console/certificates/{hit.id}",
    }[hit.kind]
    return HitRow(hit.kind, hit.id, hit.title, href, hit.run, hit.highlight, hit.exact)
