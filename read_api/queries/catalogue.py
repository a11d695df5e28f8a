"""What is known of a course, and what does a run hold?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from domain.access import Principal
from domain.catalogue.facts import GradingPolicy, LatePolicy, PeerTask
from domain.integrity.facts import IntegrityPolicy
from read_api.answers import Answer, AsOf, earliest
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.ports.views import Snapshot


class Item(msgspec.Struct, frozen=True):
    """A piece of a run's content as it stands; scores and weights are exact decimal texts."""

    item: str
    kind: str
    title: str
    module: str
    category: str | None
    weight: str
    possible: str
    due: datetime | None
    opens: datetime | None
    attempts: int | None
    duration_ms: int | None
    threshold: str
    label: str | None
    due_after_s: int | None
    cooldown_s: int | None
    time_limit_s: int | None
    on_expiry: str
    grace_s: int
    peer: PeerTask | None
    objectives: list[str]


class DueOverride(msgspec.Struct, frozen=True):
    """Another due date of an item for a cohort (null: the whole run); null: due at no time."""

    item: str
    cohort: str | None
    due: datetime | None


class Course(Answer, frozen=True, kw_only=True):
    """A course, and what it needs. ``version`` is that of its stream."""

    course: str
    title: str
    description: str
    prerequisite_course: str | None
    prerequisite_percent: int | None
    created_at: datetime
    version: int


class Run(Answer, frozen=True, kw_only=True):
    """A run as it stands: dates, seats, policies in force, and its current content in order.

    ``grades_released``: no grade of the run is withheld.
    ``version`` is that of the run's stream; ``updated_position`` the last fact that changed it.
    """

    run: str
    course: str
    title: str
    starts: datetime
    ends: datetime
    opens: datetime | None
    closes: datetime | None
    capacity: int | None
    taken: int
    modes: list[str]
    certificate_modes: list[str]
    archived: bool
    content_number: int
    policy_number: int
    policy: GradingPolicy | None
    late: LatePolicy | None
    grades_released: bool
    integrity: IntegrityPolicy
    version: int
    updated_position: int
    items: list[Item]
    due_overrides: list[DueOverride]


_ITEMS = f"""
    select {", ".join(Item.__struct_fields__)} from views.items
    where run = %(run)s order by ordinal, item"""


async def course(
    deps: ReadDependencies, asking: Principal, course: str, *, min_position: int = 0
) -> Course:
    """Return a course. Raises NotFound."""
    async with deps.snapshot(asking.tenant, "catalogue", min_position=min_position) as snapshot:
        found = await snapshot.rows(
            """select course, title, description, prerequisite_course, prerequisite_percent,
                      created_at, version
               from views.courses where course = %(course)s""",
            course=course,
        )
    if not found:
        raise NotFound("course", course)
    return Course(
        **found[0],
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked, catalogue=(course,)),
    )


async def run(deps: ReadDependencies, asking: Principal, run: str, *, min_position: int = 0) -> Run:
    """Return a run with its items. Raises NotFound."""
    async with deps.snapshot(asking.tenant, "catalogue", min_position=min_position) as snapshot:
        return await read_run(deps, snapshot, run)


async def read_run(deps: ReadDependencies, snapshot: Snapshot, run: str) -> Run:
    """Return a run out of a snapshot that is open. Raises NotFound."""
    found = await snapshot.rows(
        """select run, course, title, starts, ends, opens, closes, capacity, taken, modes,
                  certificate_modes, archived, content_number, policy_number, policy, late,
                  grades_released, integrity, version, updated_position, due_overrides
           from views.runs where run = %(run)s""",
        run=run,
    )
    if not found:
        raise NotFound("run", run)
    policy = msgspec.convert(found[0]["policy"], GradingPolicy | None)
    overrides = msgspec.convert(found[0]["due_overrides"], list[DueOverride])
    late = msgspec.convert(found[0]["late"], LatePolicy | None)
    integrity = msgspec.convert(found[0]["integrity"], IntegrityPolicy)
    return Run(
        **found[0]
        | {"policy": policy, "late": late, "due_overrides": overrides, "integrity": integrity},
        items=await read_items(snapshot, run),
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked, catalogue=(run,)),
    )


async def read_items(snapshot: Snapshot, run: str) -> list[Item]:
    """Return a run's current content, in order."""
    return [item_of(row) for row in await snapshot.rows(_ITEMS, run=run)]


def item_of(row: Mapping[str, Any]) -> Item:
    """Take what an answer shows of an item."""
    values = {name: row[name] for name in Item.__struct_fields__}
    return Item(**values | {"peer": msgspec.convert(row["peer"], PeerTask | None)})


async def titles(
    deps: ReadDependencies, asking: Principal, runs: Sequence[str]
) -> dict[tuple[str, str], str]:
    """Return the titles of the items of these runs, by run and item."""
    async with deps.snapshot(asking.tenant, "catalogue") as snapshot:
        found = await snapshot.rows(
            "select run, item, title from views.items where run = any(%(runs)s)", runs=list(runs)
        )
    return {(row["run"], row["item"]): row["title"] for row in found}
