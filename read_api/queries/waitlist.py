"""Who waits for a seat of a run, and where does a learner wait?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from domain.access import Principal
from read_api import asof, cursors
from read_api.answers import NOW, Answer, AsOf, Moment, Page, earliest
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.queries.known import require_learner

WAITLIST_STATES = ("waiting", "offered", "enrolled", "lapsed", "left")


class WaitingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A learner on a waitlist. ``status``: waiting, offered a seat until before ``expires``, or
    what came of it: enrolled, lapsed or left. ``place`` counts from 1 among those who wait."""

    run: str
    subject: str
    status: str
    mode: str | None
    place: int | None
    joined_at: datetime | None
    offered_at: datetime | None
    expires: datetime | None
    ended_at: datetime | None


class Waitlist(Page, frozen=True, kw_only=True):
    """The seats of a run, and who waits for one or holds an offer, in order.

    ``capacity`` null: there is no limit. ``taken`` and ``offered`` together are the seats that
    nobody else can have; an offer stands for ``offer_hours``.
    """

    run: str
    capacity: int | None
    taken: int
    offered: int
    waiting: int
    offer_hours: int
    waitlist: list[WaitingRow]


class LearnerWaitlists(Answer, frozen=True, kw_only=True):
    """Where a learner waits or waited, the last time in each run, first joined first.

    As of an earlier moment the ``place`` is not told.
    """

    subject: str
    waitlist: list[WaitingRow]


_PLACED = """
    select w.run, w.subject, w.status, w.mode, w.joined_at, w.joined_position, w.offered_at,
           w.expires, w.ended_at,
           case when w.status = 'waiting' then (
             select count(*) from views.waitlist o where o.run = w.run and o.status = 'waiting'
               and o.joined_position <= w.joined_position) end as place
    from views.waitlist w"""


async def of_run(
    deps: ReadDependencies,
    asking: Principal,
    run: str,
    *,
    limit: int = cursors.LIMIT_ROWS_DEFAULT,
    after: str | None = None,
    min_position: int = 0,
) -> Waitlist:
    """Return a run's seats and waitlist. Raises NotFound, and BadParameter for another cursor."""
    values: dict[str, Any] = {"run": run, "limit": limit + 1, "joined": 0}
    if after is not None:
        (values["joined"],) = cursors.decode(after, "waitlist", (int,))
    async with deps.snapshot(
        asking.tenant, "progress", "catalogue", min_position=min_position
    ) as snapshot:
        seats = await snapshot.rows(
            """select r.capacity, r.taken, r.offer_hours,
                      count(*) filter (where w.status = 'offered') as offered,
                      count(*) filter (where w.status = 'waiting') as waiting
               from views.runs r left join views.waitlist w
                 on w.run = r.run and w.status in ('waiting', 'offered')
               where r.run = %(run)s group by r.capacity, r.taken, r.offer_hours""",
            run=run,
        )
        if not seats:
            raise NotFound("run", run)
        rows, last = cursors.cut(
            await snapshot.rows(
                f"""{_PLACED} where w.run = %(run)s and w.status in ('waiting', 'offered')
                    and w.joined_position > %(joined)s
                    order by w.joined_position limit %(limit)s""",
                **values,
            ),
            limit,
        )
    return Waitlist(
        run=run,
        **seats[0],
        waitlist=[_row(row) for row in rows],
        next=cursors.encode("waitlist", (last["joined_position"],)) if last else None,
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked, progress=(run,), catalogue=(run,)),
    )


async def of_learner(
    deps: ReadDependencies,
    asking: Principal,
    subject: str,
    *,
    moment: Moment = NOW,
    min_position: int = 0,
) -> LearnerWaitlists:
    """Return where a learner waits; nowhere is an answer too. Raises NotFound."""
    if not moment.is_now:
        past = await asof.learner(deps, asking, subject, moment, min_position)
        if not past.facts:
            raise NotFound("learner", subject)
        found = sorted(past.waiting.values(), key=lambda row: row["joined_position"])
        return LearnerWaitlists(
            subject=subject,
            waitlist=[_row({**row, "place": None}) for row in found],
            as_of=past.as_of,
            incomplete=past.incomplete,
        )
    async with deps.snapshot(
        asking.tenant, "progress", "history", min_position=min_position
    ) as snapshot:
        rows = await snapshot.rows(
            f"{_PLACED} where w.subject = %(subject)s order by w.joined_position", subject=subject
        )
        if not rows:
            await require_learner(snapshot, subject)
    return LearnerWaitlists(
        subject=subject,
        waitlist=[_row(row) for row in rows],
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked, progress=(subject,)),
    )


def _row(row: asof.Row) -> WaitingRow:
    return WaitingRow(**{name: row[name] for name in WaitingRow.__struct_fields__})
