"""How are runs doing: totals, days, items and score distributions?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec

from domain.access import Principal
from read_api.answers import Answer, AsOf, earliest
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.ports.views import Snapshot


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Exact tallies. ``withdrawn`` and ``transferred`` count learners who left, ``passed`` (without
    distinction), ``distinction``, ``failed`` and ``outcome_withdrawn`` outcomes, the board's before
    computed ones; ``late`` is of ``submissions``; ``certificates`` were ever issued."""

    enrolled: int
    active: int
    withdrawn: int
    transferred: int
    enrolled_day_unknown: int
    submissions: int
    late: int
    graded: int
    banked: int
    passed: int
    distinction: int
    failed: int
    outcome_withdrawn: int
    certificates: int
    revoked: int


class RunTotals(Totals, frozen=True, kw_only=True):
    """The tallies of one run in a list."""

    run: str


class RunAnalytics(Answer, frozen=True, kw_only=True):
    """How a run is doing. ``late_share`` is of all its submissions, in per cent."""

    run: str
    totals: Totals
    late_share: float | None


class Day(msgspec.Struct, frozen=True):
    """What happened in a run on one day (UTC)."""

    day: dt.date
    enrolments: int
    withdrawals: int
    submissions: int
    late: int
    grades: int
    certificates: int


class Daily(Answer, frozen=True, kw_only=True):
    """The days of a run on which something happened, in order. Enrolments whose day is not known
    are in no day, but counted."""

    run: str
    enrolled_day_unknown: int
    days: list[Day]


class ItemTotals(msgspec.Struct, frozen=True, kw_only=True):
    """How an item is doing.

    ``scored`` learners have a score of their own; their best ones add up to ``raw_sum`` (exact
    decimal text), and ``mean_percent`` is their mean. Banked results are counted apart.
    ``learners_by_score`` counts learners, banked ones among them, with 0–9 %, 10–19 %, … 90–99 %
    and 100 %.
    """

    item: str
    kind: str | None
    title: str | None
    due: dt.datetime | None
    submissions: int
    late: int
    graded: int
    scored: int
    raw_sum: str
    mean_percent: float | None
    banked: int
    banked_scored: int
    banked_raw_sum: str
    learners_by_score: list[int]


class Items(Answer, frozen=True, kw_only=True):
    """The items of a run that there are results for, in the order of its content."""

    run: str
    items: list[ItemTotals]


class Overview(Answer, frozen=True, kw_only=True):
    """How everything is doing, and each run, by id."""

    totals: Totals
    runs: list[RunTotals]


_AMOUNTS = Totals.__struct_fields__
_STORED = {"passed": "pass", "failed": "fail"}
_TOTALS = ", ".join(f'"{_STORED.get(name, name)}" as {name}' for name in _AMOUNTS)

_ITEMS = """
    select t.item, i.kind, i.title, i.due, t.submissions, t.late, t.graded, t.scored,
           trim_scale(t.raw_sum)::text as raw_sum,
           round(100 * t.share_sum / nullif(t.scored, 0), 2)::float as mean_percent,
           t.banked, t.banked_scored, trim_scale(t.banked_raw_sum)::text as banked_raw_sum,
           array(select coalesce(sum(s.learners), 0)::int from generate_series(0, 10) b(bucket)
                 left join views.item_scores s on s.run = t.run and s.item = t.item
                   and s.bucket = b.bucket
                 group by b.bucket order by b.bucket) as learners_by_score
    from views.item_totals t
    left join views.items i on i.run = t.run and i.item = t.item
    where t.run = %(run)s order by i.ordinal nulls last, t.item"""


async def run(
    deps: ReadDependencies, asking: Principal, run: str, *, min_position: int = 0
) -> RunAnalytics:
    """Return a run's totals. Raises NotFound."""
    async with deps.snapshot(
        asking.tenant, "analytics", "catalogue", min_position=min_position
    ) as snapshot:
        await _require(snapshot, run)
        totals = await _totals(snapshot, run)
    late = 100 * totals.late / totals.submissions if totals.submissions else None
    return RunAnalytics(
        run=run,
        totals=totals,
        late_share=None if late is None else round(late, 2),
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked, analytics=(run,), catalogue=(run,)),
    )


async def daily(
    deps: ReadDependencies, asking: Principal, run: str, *, min_position: int = 0
) -> Daily:
    """Return a run's days. Raises NotFound."""
    async with deps.snapshot(
        asking.tenant, "analytics", "catalogue", min_position=min_position
    ) as snapshot:
        await _require(snapshot, run)
        days = await _days(snapshot, [run])
        totals = await _totals(snapshot, run)
    return Daily(
        run=run,
        enrolled_day_unknown=totals.enrolled_day_unknown,
        days=days.get(run, []),
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked, analytics=(run,), catalogue=(run,)),
    )


async def items(
    deps: ReadDependencies, asking: Principal, run: str, *, min_position: int = 0
) -> Items:
    """Return a run's items with their score distributions. Raises NotFound."""
    async with deps.snapshot(
        asking.tenant, "analytics", "catalogue", min_position=min_position
    ) as snapshot:
        await _require(snapshot, run)
        rows = await snapshot.rows(_ITEMS, run=run)
    return Items(
        run=run,
        items=[ItemTotals(**row) for row in rows],
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked, analytics=(run,), catalogue=(run,)),
    )


async def days_of(
    deps: ReadDependencies, asking: Principal, runs: Sequence[str]
) -> dict[str, list[Day]]:
    """Return the days of several runs, by run."""
    async with deps.snapshot(asking.tenant, "analytics") as snapshot:
        return await _days(snapshot, runs)


async def overview(deps: ReadDependencies, asking: Principal, *, min_position: int = 0) -> Overview:
    """Return the totals of everything and of each run."""
    async with deps.snapshot(asking.tenant, "analytics", min_position=min_position) as snapshot:
        rows = await snapshot.rows(f"select run, {_TOTALS} from views.run_totals order by run")
    return Overview(
        totals=Totals(**{name: sum(row[name] for row in rows) for name in _AMOUNTS}),
        runs=[RunTotals(**row) for row in rows],
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked),
    )


async def _require(snapshot: Snapshot, run: str) -> None:
    if not await snapshot.rows("select from views.runs where run = %(run)s", run=run):
        raise NotFound("run", run)


async def _totals(snapshot: Snapshot, run: str) -> Totals:
    rows = await snapshot.rows(
        f"select {_TOTALS} from views.run_totals where run = %(run)s",
        run=run,
    )
    return Totals(**(rows[0] if rows else dict.fromkeys(_AMOUNTS, 0)))


async def _days(snapshot: Snapshot, runs: Sequence[str]) -> dict[str, list[Day]]:
    rows: Sequence[dict[str, Any]] = await snapshot.rows(
        """select run, day, enrolments, withdrawals, submissions, late, grades, certificates
           from views.run_daily where run = any(%(runs)s) order by run, day""",
        runs=list(runs),
    )
    found: dict[str, list[Day]] = {}
    for row in rows:
        found.setdefault(row.pop("run"), []).append(Day(**row))
    return found
