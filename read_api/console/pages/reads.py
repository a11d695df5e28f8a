"""Who read which record? For auditors of everybody, for learners of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from fastapi import Request

from read_api.console.moments import parse
from read_api.console.render import Page, address
from read_api.dependencies import ReadDependencies
from read_api.queries import reads

HERE = "/console/access-log"
READS_MAX = 100
"""Reads on one page."""
WORDS = {
    "read-record": "read the record",
    "read-roster": "looked at who is in the run",
    "read-gradebook": "looked at the gradebook",
    "read-events": "followed events",
    "export-record": "took an export",
}
"""What each permission that a read is noted with was used for."""


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/access-log?subject=&run=&actor=&from=&to=``, and ``/reads`` of a learner;
    days are of UTC, and ``to`` is within."""
    query, subject = request.query_params, request.path_params.get("subject")
    asked = {name: query.get(name, "").strip() for name in ("from", "to")}
    if subject is None:
        asked |= {name: query.get(name, "").strip() for name in ("subject", "run", "actor")}
    found = await reads.access_log(
        deps,
        deps.principal(request),
        subject=subject or asked.get("subject") or None,
        run=asked.get("run") or None,
        actor=asked.get("actor") or None,
        begin=_begin(asked["from"]),
        end=_end(asked["to"]),
        limit=READS_MAX,
        after=query.get("after") or None,
    )
    here = HERE if subject is None else f"/console/learners/{subject}/reads"

    def draw() -> Mapping[str, Any]:
        more = found.next and address(here, **asked, after=found.next)
        told = {"subject": subject, "here": here, "asked": asked, "more": more}
        return told | {"reads": found.reads, "words": WORDS, "any": any(asked.values())}

    title = "Who read which record" if subject is None else f"Who looked at {subject}"
    return Page("reads.html", title, found, draw, "Reads" if subject is None else "")


def _begin(day: str) -> datetime | None:
    if not day:
        return None
    at = parse("from", day)
    return datetime.combine(at.date(), time(), at.tzinfo) if len(day) == 10 else at


def _end(day: str) -> datetime | None:
    """Return the first moment that is not within. Raises BadParameter."""
    return parse("to", day) + timedelta(microseconds=1) if day else None
