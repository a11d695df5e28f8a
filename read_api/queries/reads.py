"""Who read which record, and when?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from domain.access import Principal
from read_api import cursors
from read_api.dependencies import ReadDependencies
from read_api.reads import NotedRead, ReadsAsked


class AccessLog(msgspec.Struct, frozen=True, kw_only=True):
    """Reads of learners' records, latest first. One without a subject was of everybody in the run,
    and one without a run, too, of all learners, through whom somebody looked or searched.

    ``address`` is what was asked, and ``permission`` what let them in. It was noted before it was
    answered, so some may have got no answer. ``next`` is the cursor of the part that follows."""

    reads: list[NotedRead]
    next: str | None


async def access_log(
    deps: ReadDependencies,
    asking: Principal,
    *,
    subject: str | None = None,
    run: str | None = None,
    actor: str | None = None,
    begin: datetime | None = None,
    end: datetime | None = None,
    limit: int = cursors.LIMIT_ROWS_DEFAULT,
    after: str | None = None,
) -> AccessLog:
    """Return the reads of one subject, in one run, by one actor, or all."""
    before = None if after is None else cursors.decode(after, "reads", (int,))[0]
    runs: Sequence[str] = () if subject is None else await _runs(deps, asking.tenant, subject)
    asked = ReadsAsked(asking.tenant, subject, runs, run, actor, begin, end, before)
    found = await deps.reads.find(asked, limit + 1)
    more = len(found) > limit
    page = list(found[:limit])
    return AccessLog(reads=page, next=cursors.encode("reads", (page[-1].id,)) if more else None)


async def _runs(deps: ReadDependencies, tenant: str, subject: str) -> Sequence[str]:
    async with deps.snapshot(tenant, "progress", subject=subject) as snapshot:
        rows = await snapshot.rows(
            "select run from views.enrolments where subject = %(subject)s", subject=subject
        )
    return [row["run"] for row in rows]
