"""How is this run doing?"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from fastapi import Request

from read_api.console import formats, run_charts
from read_api.console.render import Page, address
from read_api.dependencies import ReadDependencies
from read_api.queries import analytics, catalogue, content, learners, peer_review, waitlist

LEARNERS_MAX = 25
"""Learners on one page of the list."""
WAITING_SHOWN_MAX = 10
"""Of those who wait, so many are listed; the others are counted."""
SORTS = (
    ("By name", "subject"),
    ("Last active", "-last_occurred_at"),
    ("Most late", "-late"),
    ("Most handed in", "-submissions"),
)


class RunData(msgspec.Struct, frozen=True):
    """All that the page is drawn from: the answers of the queries, as they are."""

    run: catalogue.Run
    totals: analytics.RunAnalytics
    daily: analytics.Daily
    items: analytics.Items
    learners: learners.RunLearners
    waitlist: waitlist.Waitlist
    pools: peer_review.PeerPools
    versions: content.Versions


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/runs/{run}``."""
    asking = deps.principal(request)
    run = request.path_params["run"]
    sort = request.query_params.get("sort", SORTS[0][1])
    after = request.query_params.get("after") or None
    found = await catalogue.run(deps, asking, run)
    (totals, versions), daily, items, listed, waits, pools = await asyncio.gather(
        asyncio.gather(analytics.run(deps, asking, run), content.versions(deps, asking, run)),
        analytics.daily(deps, asking, run),
        analytics.items(deps, asking, run),
        learners.of_run(deps, asking, run, sort=sort, limit=LEARNERS_MAX, after=after),
        waitlist.of_run(deps, asking, run, limit=WAITING_SHOWN_MAX),
        peer_review.pools(deps, asking, run),
    )
    data = RunData(found, totals, daily, items, listed, waits, pools, versions)
    types = " ".join(deps.registry.types)
    return Page("run.html", run, data, lambda: _draw(data, sort, types), section="Runs")


def _draw(data: RunData, sort: str, types: str) -> dict[str, Any]:
    totals = data.totals.totals
    here = f"/console/runs/{data.run.run}"
    following = data.learners.next
    return {
        "types": types,
        "pools": data.pools.pools,
        "learners": data.learners.learners,
        "learner_sorts": [
            (name, address(here, sort=key) + "#learners", key == sort) for name, key in SORTS
        ],
        "more_learners": following and address(here, sort=sort, after=following) + "#learners",
        "run": data.run,
        "seats": data.waitlist,
        "versions": data.versions,
        "more_waiting": f"/console/v1/runs/{data.run.run}/waitlist" if data.waitlist.next else None,
        "totals": totals,
        "as_of": data.totals.as_of,
        "answer": data.totals,
        "late_share": formats.share(totals.late, totals.submissions),
        "daily": data.daily,
        "day_table": [day for day in data.daily.days if day.enrolments or day.withdrawals],
        "enrolment_chart": run_charts.enrolment_chart(data.daily.days, data.run),
        "item_chart": run_charts.item_chart(data.items.items),
        "items": data.items.items,
        "score_chart": run_charts.score_chart(data.items.items),
        "score_rows": run_charts.score_rows(data.items.items),
        "funnel_chart": run_charts.funnel_chart(data.run.run, totals),
        "policy": run_charts.policy_rows(data.run.policy, data.run.late),
    }
