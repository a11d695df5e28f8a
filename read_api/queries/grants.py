"""Who has which role, and who could do what on a past day?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from domain.access import Principal, Role
from domain.access.deciding import permitted
from domain.access.permissions import Permission
from read_api import asof, cursors
from read_api.answers import NOW, Answer, Moment, Page, earliest
from read_api.dependencies import ReadDependencies
from read_api.ports.views import Snapshot


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A role that somebody was given: in a run (null: in the whole tenant), before ``until`` (null:
    for good). ``holds`` says whether they had it at the moment asked for."""

    holder: str
    number: int
    role: str
    run: str | None
    until: datetime | None
    granted_at: datetime
    granted_by: str
    position: int
    revoked_at: datetime | None
    revoked_by: str | None
    holds: bool


class Reached(msgspec.Struct, frozen=True):
    """How far a permission reached: the own record, all of these runs, or the whole tenant."""

    permission: str
    own: bool
    runs: list[str]
    tenant: bool


class Holder(Answer, frozen=True, kw_only=True):
    """What one person or program was granted up to the moment, first granted first, and what all of
    it together permits, by the table of permissions as it is today. Roles that an issuer's tokens
    carry are not recorded here."""

    holder: str
    grants: list[Grant]
    permissions: list[Reached]


class Grants(Page, frozen=True, kw_only=True):
    """Grants in the order of holders."""

    grants: list[Grant]


class _At(NamedTuple):
    """A moment, for SQL: the position, the time that ends are compared with, and whether only what
    had occurred by then counts."""

    through: int | None
    time: datetime
    occurred: datetime | None


_SELECT = """
    select * from (
        select holder, number, role, run, until, granted_at, granted_by, position,
               case when ended then revoked_at end as revoked_at,
               case when ended then revoked_by end as revoked_by,
               not ended and (until is null or until > %(time)s) as holds
        from (
            select *, revoked_at is not null
                      and (%(occurred)s::timestamptz is null or revoked_at <= %(occurred)s)
                      and revoked_position <= %(through)s as ended
            from views.grants
            where position <= %(through)s
              and (%(occurred)s::timestamptz is null or granted_at <= %(occurred)s)) as known
    ) as told"""


async def of_holder(
    deps: ReadDependencies,
    asking: Principal,
    holder: str,
    *,
    moment: Moment = NOW,
    min_position: int = 0,
) -> Holder:
    """Return what somebody was granted; nobody is unknown here."""
    at = await _at(deps, moment)
    wanted = max(min_position, at.through or 0)
    async with deps.snapshot(asking.tenant, "grants", min_position=wanted) as snapshot:
        rows = await _rows(
            snapshot, at, " where holder = %(holder)s order by number", holder=holder
        )
    found = [Grant(**row) for row in rows]
    return Holder(
        holder=holder,
        grants=found,
        permissions=_reached(asking.tenant, found),
        as_of=await deps.as_of(at.through or snapshot.position, at.occurred),
        incomplete=earliest(snapshot.parked),
    )


async def grants(
    deps: ReadDependencies,
    asking: Principal,
    *,
    role: str | None = None,
    run: str | None = None,
    ended: bool = False,
    moment: Moment = NOW,
    limit: int = cursors.LIMIT_ROWS_DEFAULT,
    after: str | None = None,
    min_position: int = 0,
) -> Grants:
    """Return who held which role at a moment; with ``ended`` those that had ended by then, too."""
    at = await _at(deps, moment)
    sql = """ where (%(role)s::text is null or role = %(role)s)
                and (%(run)s::text is null or run = %(run)s)
                and (%(ended)s or holds)"""
    values: dict[str, Any] = {"role": role, "run": run, "ended": ended, "limit": limit + 1}
    if after is not None:
        values["holder"], values["number"] = cursors.decode(after, "grants", (str, int))
        sql += " and (holder, number) > (%(holder)s, %(number)s)"
    sql += " order by holder, number limit %(limit)s"
    wanted = max(min_position, at.through or 0)
    async with deps.snapshot(asking.tenant, "grants", min_position=wanted) as snapshot:
        rows, last = cursors.cut(await _rows(snapshot, at, sql, **values), limit)
    return Grants(
        grants=[Grant(**row) for row in rows],
        next=cursors.encode("grants", (last["holder"], last["number"])) if last else None,
        as_of=await deps.as_of(at.through or snapshot.position, at.occurred),
        incomplete=earliest(snapshot.parked),
    )


async def _at(deps: ReadDependencies, moment: Moment) -> _At:
    through, occurred = await asof.resolve(deps, moment)
    if occurred is not None:
        return _At(through, occurred, occurred)
    if moment.recorded is not None:
        return _At(through, moment.recorded, None)
    if through is not None:
        return _At(through, await deps.log.recorded_at(through) or deps.clock(), None)
    return _At(None, deps.clock(), None)


async def _rows(snapshot: Snapshot, at: _At, sql: str, **values: Any) -> Sequence[dict[str, Any]]:
    through = snapshot.position if at.through is None else at.through
    return await snapshot.rows(
        _SELECT + sql, through=through, time=at.time, occurred=at.occurred, **values
    )


def _reached(tenant: str, found: Sequence[Grant]) -> list[Reached]:
    held = [one for one in found if one.holds]
    runs: dict[Role, frozenset[str]] = {}
    for one in held:
        if one.run is not None:
            runs[Role(one.role)] = runs.get(Role(one.role), frozenset()) | {one.run}
    roles = frozenset(Role(one.role) for one in held if one.run is None)
    principal = Principal("", tenant, "", roles, runs)
    return [
        Reached(permission, *reach)
        for permission in Permission
        if (reach := permitted(principal, permission)) is not None
    ]
