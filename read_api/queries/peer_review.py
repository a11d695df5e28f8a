"""How does peer review stand: in a run's pools, and for one learner?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from domain.access import Principal
from projections.peer_review import PEER_REVIEW
from read_api import asof, cursors
from read_api.answers import NOW, Answer, AsOf, Moment, Page, earliest
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.queries.known import require_enrolment, require_run


class PeerPool(msgspec.Struct, frozen=True, kw_only=True):
    """A peer task in sums: ``submissions`` in the pool (without those withdrawn),
    ``reviewed`` those with all the reviews that they want, ``scored`` those with a peer score;
    ``received`` reviews made of them, ``open`` claimed and not made."""

    item: str
    title: str | None
    submissions: int
    reviewed: int
    scored: int
    received: int
    open: int


class PeerPools(Answer, frozen=True, kw_only=True):
    """The pools of a run, by item."""

    run: str
    pools: list[PeerPool]


class PooledSubmission(msgspec.Struct, frozen=True, kw_only=True):
    """A submission in a pool, and what its author owes and has done.

    ``relaxes_at``: from then on fewer reviews are enough. ``withdrawn_at``: its attempt was voided,
    and nobody is given it to review. ``raw`` of ``possible`` is the peer
    score; None: there is none yet.
    """

    author: str
    attempt: str
    pooled_at: datetime | None
    must_be_graded_by: int
    relaxes_at: datetime | None
    withdrawn_at: datetime | None
    received: int
    open: int
    owed: int
    done: int
    raw: str | None
    possible: str | None
    finalized_at: datetime | None


class Pool(Page, frozen=True, kw_only=True):
    """The submissions to a peer task, by author."""

    run: str
    item: str
    submissions: list[PooledSubmission]


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """What a learner owes on a peer task and has done.

    ``review`` is the one that they have claimed, of the ``attempt`` of ``author``, while now <
    ``expires``. ``received`` counts the reviews of their own work; None for a moment in the past,
    when others' facts are not asked. ``raw`` of ``possible`` is what ``reviews`` of them came to;
    ``relaxed``: fewer were enough because time had passed.
    """

    item: str
    owed: int
    done: int
    expired: int
    review: str | None
    author: str | None
    attempt: str | None
    expires: datetime | None
    received: int | None
    relaxes_at: datetime | None
    raw: str | None
    possible: str | None
    reviews: int | None
    relaxed: bool
    finalized_at: datetime | None


class Duties(Answer, frozen=True, kw_only=True):
    """A learner's peer reviews in a run, by item."""

    run: str
    subject: str
    duties: list[Duty]


_POOLS = """
    select s.item, i.title, count(*) as submissions,
           count(*) filter (where s.received >= s.must_be_graded_by) as reviewed,
           count(d.finalized_at) as scored, sum(s.received)::bigint as received,
           sum(jsonb_array_length(s.open))::bigint as open
    from views.peer_submissions s
    left join views.peer_duties d on d.run = s.run and d.item = s.item and d.subject = s.author
    left join views.items i on i.run = s.run and i.item = s.item
    where s.run = %(run)s and s.withdrawn_at is null group by s.item, i.title order by s.item"""

_SUBMISSIONS = """
    select s.author, s.attempt, s.pooled_at, s.must_be_graded_by, s.relaxes_at, s.withdrawn_at,
           s.received,
           jsonb_array_length(s.open) as open, coalesce(d.owed, 0) as owed,
           coalesce(d.done, 0) as done, d.raw, d.possible, d.finalized_at
    from views.peer_submissions s
    left join views.peer_duties d on d.run = s.run and d.item = s.item and d.subject = s.author
    where s.run = %(run)s and s.item = %(item)s
      and (%(author)s::text is null or (s.author, s.attempt) > (%(author)s, %(attempt)s))
    order by s.author, s.attempt limit %(limit)s"""

_DUTIES = """
    select d.*, coalesce((select sum(s.received) from views.peer_submissions s
                          where s.run = d.run and s.item = d.item and s.author = d.subject),
                         0)::bigint as received
    from views.peer_duties d where d.run = %(run)s and d.subject = %(subject)s order by d.item"""


async def pools(
    deps: ReadDependencies, asking: Principal, run: str, *, min_position: int = 0
) -> PeerPools:
    """Return the pools of a run; a run without any has none. Raises NotFound."""
    async with deps.snapshot(
        asking.tenant, "reviews", "catalogue", min_position=min_position
    ) as snapshot:
        rows = await snapshot.rows(_POOLS, run=run)
        if not rows:
            await require_run(snapshot, run)
    return PeerPools(
        run=run,
        pools=[PeerPool(**row) for row in rows],
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked, peer_review=(run,), catalogue=(run,)),
    )


async def pool(
    deps: ReadDependencies,
    asking: Principal,
    run: str,
    item: str,
    *,
    limit: int = cursors.LIMIT_ROWS_DEFAULT,
    after: str | None = None,
    min_position: int = 0,
) -> Pool:
    """Return the submissions to a peer task. Raises NotFound and BadParameter."""
    author, attempt = (
        cursors.decode(after, "author", (str, str)) if after is not None else (None, None)
    )
    async with deps.snapshot(
        asking.tenant, "reviews", "catalogue", min_position=min_position
    ) as snapshot:
        rows = await snapshot.rows(
            _SUBMISSIONS, run=run, item=item, author=author, attempt=attempt, limit=limit + 1
        )
        known = rows or await snapshot.rows(
            "select from views.items where run = %(run)s and item = %(item)s and peer is not null",
            run=run,
            item=item,
        )
    if not known:
        raise NotFound("peer pool", f"{run}/{item}")
    page, last = cursors.cut(rows, limit)
    return Pool(
        run=run,
        item=item,
        submissions=[PooledSubmission(**row) for row in page],
        next=cursors.encode("author", (last["author"], last["attempt"])) if last else None,
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked, peer_review=(run, item), catalogue=(run,)),
    )


async def duties(
    deps: ReadDependencies,
    asking: Principal,
    run: str,
    subject: str,
    *,
    moment: Moment = NOW,
    min_position: int = 0,
) -> Duties:
    """Return a learner's peer reviews in a run; who takes part in none has none. Raises
    NotFound."""
    if not moment.is_now:
        known = await asof.facts_of(deps, asking.tenant, subject, moment, min_position)
        own = [fact for fact in known.facts if asof.run_of(fact) == run]
        if not own:
            raise NotFound("enrolment", f"{run}/{subject}")
        found = asof.fold(PEER_REVIEW, own).documents["duty"]
        rows = [msgspec.structs.asdict(found[key]) for key in sorted(found)]
        as_of, incomplete = known.as_of, known.incomplete
    else:
        async with deps.snapshot(
            asking.tenant, "reviews", "progress", min_position=min_position, subject=subject
        ) as snapshot:
            rows = list(await snapshot.rows(_DUTIES, run=run, subject=subject))
            if not rows:
                await require_enrolment(snapshot, run, subject)
        as_of = AsOf.of(snapshot)
        incomplete = earliest(snapshot.parked, peer_review=(run, subject))
    return Duties(
        run=run,
        subject=subject,
        duties=[_duty(row) for row in rows if row["subject"] == subject],
        as_of=as_of,
        incomplete=incomplete,
    )


def _duty(row: Mapping[str, Any]) -> Duty:
    values: dict[str, Any] = {name: row.get(name) for name in Duty.__struct_fields__}
    return Duty(**values)
