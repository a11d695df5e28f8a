"""Which versions of a run's content were published, which is drafted, and what differs?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from domain.access import Principal
from domain.catalogue import facts
from domain.catalogue.changes import Version as Compared
from domain.catalogue.changes import changes
from read_api.answers import Answer, AsOf, earliest
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter, NotFound
from read_api.ports.views import Snapshot

DRAFT = "draft"
NOTHING = "0"


class Item(msgspec.Struct, frozen=True):
    """A piece of a content version, as it was published; only what differs from the defaults of
    `publish-content` need be looked at. Scores and weights are exact decimal texts."""

    item: str
    kind: str
    title: str
    module: str = ""
    category: str | None = None
    weight: str = "1"
    possible: str = "100"
    due: datetime | None = None
    opens: datetime | None = None
    attempts: int | None = None
    duration_ms: int | None = None
    threshold: str = "1"
    label: str | None = None
    due_after_s: int | None = None
    cooldown_s: int | None = None
    time_limit_s: int | None = None
    on_expiry: str = "submit"
    grace_s: int = 0
    objectives: tuple[str, ...] = ()
    peer: facts.PeerTask | None = None


class Requirement(msgspec.Struct, frozen=True):
    """What of a module must be reached, in per cent as exact decimal texts."""

    module: str
    minimum_score: str = "0"
    minimum_completion: str = "0"


class Module(msgspec.Struct, frozen=True):
    """A part of the content, and what it requires of others."""

    module: str
    title: str = ""
    requires: tuple[Requirement, ...] = ()


class Objective(msgspec.Struct, frozen=True):
    """What a learner is to be able to do."""

    objective: str
    text: str


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A content version in a list; ``draft`` is the draft that it was."""

    number: int
    published_at: datetime
    actor: str
    changes: str
    item_count: int
    draft: int | None
    position: int


class DraftRow(msgspec.Struct, frozen=True, kw_only=True):
    """The latest draft: ``state`` is open, published or discarded; it rests on version ``base``."""

    draft: int
    base: int
    state: str
    drafted_at: datetime
    actor: str
    changes: str
    item_count: int
    position: int


class Versions(Answer, frozen=True, kw_only=True):
    """All content versions of a run, newest first, and its latest draft."""

    run: str
    versions: list[VersionRow]
    draft: DraftRow | None


class Version(Answer, frozen=True, kw_only=True):
    """A content version, or the draft, as it is: its items in order, its modules and objectives."""

    run: str
    number: int | None
    draft: int | None
    changes: str
    relocks: bool
    items: list[Item]
    modules: list[Module]
    objectives: list[Objective]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One difference: an item, module or objective (``part``, ``id``) was added, removed, moved, or
    changed: then ``field`` was ``before`` and is ``after``, both as JSON has them."""

    part: str
    id: str
    what: str
    field: str | None
    before: Any
    after: Any


class Difference(Answer, frozen=True, kw_only=True):
    """What differs between two versions: `0` is nothing at all, `draft` the open draft."""

    run: str
    before: str
    after: str
    changes: list[Change]


async def versions(
    deps: ReadDependencies, asking: Principal, run: str, *, min_position: int = 0
) -> Versions:
    """Return the versions of a run's content. Raises NotFound."""
    async with deps.snapshot(asking.tenant, "catalogue", min_position=min_position) as snapshot:
        if not await snapshot.rows("select from views.runs where run = %(run)s", run=run):
            raise NotFound("run", run)
        found = await snapshot.rows(
            """select number, published_at, actor, changes, draft, position, item_count
               from views.content_versions where run = %(run)s order by number desc""",
            run=run,
        )
        drafts = await snapshot.rows(
            """select draft, base, state, drafted_at, actor, changes, position,
                      item_count
               from views.content_drafts where run = %(run)s""",
            run=run,
        )
    return Versions(
        run=run,
        versions=[VersionRow(**row) for row in found],
        draft=DraftRow(**drafts[0]) if drafts else None,
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked, catalogue=(run,)),
    )


async def version(
    deps: ReadDependencies, asking: Principal, run: str, number: str, *, min_position: int = 0
) -> Version:
    """Return a version by its number, or the open draft. Raises NotFound and BadParameter."""
    async with deps.snapshot(asking.tenant, "catalogue", min_position=min_position) as snapshot:
        found = await _one(snapshot, run, number, "number")
    return Version(
        run=run,
        number=None if number == DRAFT else int(number),
        draft=found["draft"],
        changes=found["changes"],
        relocks=found["relocks"],
        items=msgspec.convert(found["items"], list[Item]),
        modules=msgspec.convert(found["modules"], list[Module]),
        objectives=msgspec.convert(found["objectives"], list[Objective]),
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked, catalogue=(run,)),
    )


async def difference(
    deps: ReadDependencies,
    asking: Principal,
    run: str,
    before: str,
    after: str,
    *,
    min_position: int = 0,
) -> Difference:
    """Return what differs between two versions. Raises NotFound and BadParameter."""
    async with deps.snapshot(asking.tenant, "catalogue", min_position=min_position) as snapshot:
        one = _compared(await _one(snapshot, run, before, "before"))
        other = _compared(await _one(snapshot, run, after, "after"))
    return Difference(
        run=run,
        before=before,
        after=after,
        changes=[
            Change(
                part=change.part,
                id=change.id,
                what=change.what,
                field=change.field,
                before=msgspec.to_builtins(change.before),
                after=msgspec.to_builtins(change.after),
            )
            for change in changes(one, other)
        ],
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked, catalogue=(run,)),
    )


async def _one(snapshot: Snapshot, run: str, asked: str, field: str) -> dict[str, Any]:
    if asked == NOTHING and field != "number":
        return {"items": [], "modules": [], "objectives": [], "relocks": False}
    if asked == DRAFT:
        found = await snapshot.rows(
            """select draft, changes, items, modules, objectives, relocks
               from views.content_drafts where run = %(run)s and state = 'open'""",
            run=run,
        )
    elif asked.isascii() and asked.isdigit() and len(asked) < 10:
        found = await snapshot.rows(
            """select draft, changes, items, modules, objectives, relocks
               from views.content_versions where run = %(run)s and number = %(number)s""",
            run=run,
            number=int(asked),
        )
    else:
        raise BadParameter(field, "must be the number of a content version, or draft")
    if not found:
        raise NotFound("content version", f"{run}/{asked}")
    return dict(found[0])


def _compared(row: dict[str, Any]) -> Compared:
    return Compared(
        msgspec.convert(row["items"], tuple[facts.Item, ...]),
        msgspec.convert(row["modules"], tuple[facts.Module, ...]),
        msgspec.convert(row["objectives"], tuple[facts.Objective, ...]),
        row["relocks"],
    )
