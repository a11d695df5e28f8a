"""Who is in a run, and what is known of a learner?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from domain.access import Principal
from read_api import asof, cursors
from read_api.answers import NOW, Answer, AsOf, Moment, Page, earliest
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter, NotFound


class EnrolmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An enrolment in a list: numbers of submissions and grades, time watched in milliseconds."""

    run: str
    subject: str
    status: str
    mode: str | None
    enrolled_at: datetime | None
    day_known: bool
    withdrawn_at: datetime | None
    outcome: str | None
    outcome_at: datetime | None
    outcome_basis: str | None
    percent: int | None
    letter: str | None
    submissions: int
    graded: int
    late: int
    banked: int
    viewed: int
    completed: int
    watched_ms: int
    certificate: str | None
    last_occurred_at: datetime | None


class RunLearners(Page, frozen=True, kw_only=True):
    """The learners of a run, in the order asked for."""

    run: str
    learners: list[EnrolmentRow]


class Learner(Answer, frozen=True, kw_only=True):
    """A learner in short. ``facts`` counts what is recorded about them."""

    subject: str
    enrolments: int
    active: int
    certificates: int
    facts: int
    first_occurred_at: datetime | None
    last_occurred_at: datetime | None
    runs: list[str]


class Enrolments(Answer, frozen=True, kw_only=True):
    """All enrolments of a learner, first enrolled first."""

    subject: str
    enrolments: list[EnrolmentRow]


COLUMNS = ", ".join(EnrolmentRow.__struct_fields__)
_SORTS: dict[str, tuple[str, Any]] = {
    "subject": ("subject", str),
    "enrolled_at": ("coalesce(enrolled_at, '-infinity')", datetime),
    "last_occurred_at": ("coalesce(last_occurred_at, '-infinity')", datetime),
    "submissions": ("submissions", int),
    "late": ("late", int),
    "watched_ms": ("watched_ms", int),
    "percent": ("coalesce(percent, -1)", int),
}
LEARNER_SORTS = (*_SORTS, *(f"-{name}" for name in _SORTS))
"""What ``of_run`` can be sorted by; a minus: highest first."""


async def of_run(
    deps: ReadDependencies,
    asking: Principal,
    run: str,
    *,
    sort: str = "subject",
    status: str | None = None,
    outcome: str | None = None,
    limit: int = cursors.LIMIT_ROWS_DEFAULT,
    after: str | None = None,
    min_position: int = 0,
) -> RunLearners:
    """Return the learners of a run. Raises NotFound and BadParameter."""
    if sort not in LEARNER_SORTS:
        raise BadParameter("sort", f"must be one of {', '.join(LEARNER_SORTS)}")
    column, kind = _SORTS[sort.removeprefix("-")]
    values: dict[str, Any] = {"run": run, "status": status, "outcome": outcome, "limit": limit + 1}
    sql = f"""select {COLUMNS}, {column} as sorted_by from views.enrolments
              where run = %(run)s and (%(status)s::text is null or status = %(status)s)
                and (%(outcome)s::text is null or outcome = %(outcome)s)"""
    if after is not None:
        values["value"], values["subject"] = cursors.decode(after, sort, (kind, str))
        sql += f" and ({column}, subject) {'<' if sort[0] == '-' else '>'} (%(value)s, %(subject)s)"
    way = "desc" if sort[0] == "-" else "asc"
    sql += f" order by {column} {way}, subject {way} limit %(limit)s"
    async with deps.snapshot(
        asking.tenant, "progress", "catalogue", min_position=min_position
    ) as snapshot:
        rows, last = cursors.cut(await snapshot.rows(sql, **values), limit)
        known = rows or await snapshot.rows("select from views.runs where run = %(run)s", run=run)
        if not known:
            raise NotFound("run", run)
    return RunLearners(
        run=run,
        next=cursors.encode(sort, (last["sorted_by"], last["subject"])) if last else None,
        learners=[row_of(row) for row in rows],
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked, progress=(run,), catalogue=(run,)),
    )


async def learner(
    deps: ReadDependencies,
    asking: Principal,
    subject: str,
    *,
    moment: Moment = NOW,
    min_position: int = 0,
) -> Learner:
    """Return a learner in short. Raises NotFound."""
    if not moment.is_now:
        past = await asof.learner(deps, asking, subject, moment, min_position)
        if not past.facts:
            raise NotFound("learner", subject)
        times = [fact.occurred_at for fact in past.facts]
        return Learner(
            **_short(subject, list(past.enrolments.values())),
            facts=len(times),
            first_occurred_at=min(times),
            last_occurred_at=max(times),
            as_of=past.as_of,
            incomplete=past.incomplete,
        )
    async with deps.snapshot(
        asking.tenant, "progress", "history", min_position=min_position, subject=subject
    ) as snapshot:
        rows = await snapshot.rows(_OF_SUBJECT, subject=subject)
        (about,) = await snapshot.rows(
            """select count(*) as facts, min(occurred_at) as first_occurred_at,
                      max(occurred_at) as last_occurred_at
               from views.history where subject = %(subject)s and position <= %(through)s""",
            subject=subject,
            through=snapshot.position,
        )
    if any(row["position"] > snapshot.position for row in rows):  # progress is ahead of history
        common = Moment(position=snapshot.position)
        return await learner(deps, asking, subject, moment=common, min_position=min_position)
    if not rows and not about["facts"]:
        raise NotFound("learner", subject)
    return Learner(
        **_short(subject, rows),
        **about,
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked, progress=(subject,), history=(subject,)),
    )


async def enrolments(
    deps: ReadDependencies,
    asking: Principal,
    subject: str,
    *,
    moment: Moment = NOW,
    min_position: int = 0,
) -> Enrolments:
    """Return all enrolments of a learner. Raises NotFound."""
    if not moment.is_now:
        past = await asof.learner(deps, asking, subject, moment, min_position)
        rows, as_of, incomplete = list(past.enrolments.values()), past.as_of, past.incomplete
        known = bool(past.facts)
    else:
        async with deps.snapshot(
            asking.tenant,
            "progress",
            "learners",
            min_position=min_position,
            subject=subject,
        ) as snapshot:
            rows = list(await snapshot.rows(_OF_SUBJECT, subject=subject))
            known = bool(rows or await snapshot.rows(_REGISTERED, subject=subject))
        as_of, incomplete = (
            AsOf.of(snapshot),
            earliest(snapshot.parked, progress=(subject,)),
        )
    if not known:
        raise NotFound("learner", subject)
    return Enrolments(
        subject=subject,
        enrolments=[row_of(row) for row in rows],
        as_of=as_of,
        incomplete=incomplete,
    )


_REGISTERED = "select from views.learners where subject = %(subject)s"
_OF_SUBJECT = f"""
    select {COLUMNS}, position from views.enrolments where subject = %(subject)s
    order by enrolled_at, run"""


def row_of(row: asof.Row) -> EnrolmentRow:
    """Take what a list shows of an enrolment."""
    return EnrolmentRow(**{name: row[name] for name in EnrolmentRow.__struct_fields__})


def _short(subject: str, rows: Any) -> dict[str, Any]:
    return {
        "subject": subject,
        "enrolments": len(rows),
        "active": sum(row["status"] == "active" for row in rows),
        "certificates": sum(row["certificate"] is not None for row in rows),
        "runs": [row["run"] for row in rows],
    }
