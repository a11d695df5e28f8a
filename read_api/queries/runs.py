"""Which runs are there, and how many learners and results has each?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from domain.access import Principal
from domain.access.deciding import may
from domain.access.permissions import Permission
from read_api import cursors
from read_api.answers import AsOf, Page, earliest
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """A run in a list, with its tallies: numbers of learners, submissions and certificates;
    ``passed`` counts distinctions too. The tallies are null where the asker may not see them."""

    run: str
    course: str
    title: str
    starts: datetime
    ends: datetime
    archived: bool
    capacity: int | None
    taken: int
    item_count: int
    enrolled: int | None
    active: int | None
    withdrawn: int | None
    submissions: int | None
    late: int | None
    graded: int | None
    passed: int | None
    failed: int | None
    certificates: int | None


TALLIES = (
    "enrolled",
    "active",
    "withdrawn",
    "submissions",
    "late",
    "graded",
    "passed",
    "failed",
    "certificates",
)


class Runs(Page, frozen=True, kw_only=True):
    """Runs in the order asked for."""

    runs: list[RunRow]


_SORTS = {"run": str, "starts": datetime, "title": str} | dict.fromkeys(
    ("enrolled", "active", "submissions", "late", "passed", "certificates"), int
)
RUN_SORTS = (*_SORTS, *(f"-{name}" for name in _SORTS))
"""What ``runs`` can be sorted by; a minus: highest first."""


_RUNS = """
    with listed as (
        select r.run, r.course, r.title, r.starts, r.ends, r.archived, r.capacity, r.taken,
               r.items as item_count,
               coalesce(t.enrolled, 0) as enrolled, coalesce(t.active, 0) as active,
               coalesce(t.withdrawn, 0) as withdrawn, coalesce(t.submissions, 0) as submissions,
               coalesce(t.late, 0) as late, coalesce(t.graded, 0) as graded,
               coalesce(t.pass, 0) + coalesce(t.distinction, 0) as passed,
               coalesce(t.fail, 0) as failed, coalesce(t.certificates, 0) as certificates
        from views.runs r left join views.run_totals t on t.run = r.run)
    select * from listed
    where (%(course)s::text is null or course = %(course)s)
      and (%(words)s::text is null or strpos(lower(run || ' ' || title), lower(%(words)s)) > 0)"""


async def runs(
    deps: ReadDependencies,
    asking: Principal,
    *,
    sort: str = "run",
    course: str | None = None,
    words: str | None = None,
    limit: int = cursors.LIMIT_ROWS_DEFAULT,
    after: str | None = None,
    min_position: int = 0,
) -> Runs:
    """Return runs with their tallies; ``words`` are looked for in id and title, ``after`` is a
    cursor. Raises BadParameter for an unknown sort or a cursor of another list."""
    if sort not in RUN_SORTS:
        raise BadParameter("sort", f"must be one of {', '.join(RUN_SORTS)}")
    column = sort.removeprefix("-")
    if column in TALLIES and not may(asking, Permission.READ_ANALYTICS):
        raise BadParameter("sort", f"is by what you may see of some runs only: {column}")
    sql, values = _RUNS, dict[str, Any](course=course, words=words, limit=limit + 1)
    if after is not None:
        values["value"], values["run"] = cursors.decode(after, sort, (_SORTS[column], str))
        sql += f" and ({column}, run) {'<' if sort[0] == '-' else '>'} (%(value)s, %(run)s)"
    way = "desc" if sort[0] == "-" else "asc"
    sql += f" order by {column} {way}, run {way} limit %(limit)s"
    async with deps.snapshot(
        asking.tenant, "catalogue", "analytics", min_position=min_position
    ) as snapshot:
        found = await snapshot.rows(sql, **values)
    page, last = cursors.cut([_row(asking, row) for row in found], limit)
    return Runs(
        runs=page,
        next=cursors.encode(sort, (getattr(last, column), last.run)) if last else None,
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked),
    )


def _row(asking: Principal, row: dict[str, Any]) -> RunRow:
    if may(asking, Permission.READ_ANALYTICS, row["run"]):
        return RunRow(**row)
    return RunRow(**(row | dict.fromkeys(TALLIES)))
