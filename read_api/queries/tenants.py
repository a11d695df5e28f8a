"""Which tenants does the installation have, and how is each?"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Literal

import msgspec

from domain.access import INSTALLATION
from domain.kernel import Envelope
from domain.tenants.facts import TenantOpened
from domain.tenants.state import TENANT, Tenant, of_tenant
from read_api import cursors
from read_api.answers import Page
from read_api.dependencies import ReadDependencies

TenantStatus = Literal["not opened", "open"]


class TenantRow(msgspec.Struct, frozen=True):
    """A tenant: how many facts the log has of it, and about how many learners. One that was never
    opened is there since its first fact."""

    tenant: str
    status: TenantStatus
    title: str | None
    opened_at: datetime | None
    facts: int
    learners: int


class Tenants(Page, frozen=True, kw_only=True):
    """The tenants that were opened, or of which the log has facts, by name."""

    tenants: list[TenantRow]


async def tenants(
    deps: ReadDependencies,
    *,
    limit: int = cursors.LIMIT_ROWS_DEFAULT,
    after: str | None = None,
    min_position: int = 0,
) -> Tenants:
    """Return a page of them. Raises BadParameter, or NotYet."""
    beyond = cursors.decode(after, "tenants", (str,))[0] if after is not None else ""
    await deps.reached("history", position=min_position)
    head = await deps.log.head()
    found, last = cursors.cut(await deps.log.tenants(beyond, limit + 1), limit)
    names = {of_tenant(one.tenant).name: one.tenant for one in found}
    facts: defaultdict[str, list[Envelope]] = defaultdict(list)
    for fact in await deps.log.streams(INSTALLATION, list(names)):
        facts[names[fact.stream]].append(fact)
    return Tenants(
        tenants=[_row(one.tenant, one.facts, one.learners, facts[one.tenant]) for one in found],
        next=cursors.encode("tenants", (last.tenant,)) if last else None,
        as_of=await deps.as_of(head.position),
    )


def _row(tenant: str, facts: int, learners: int, told: list[Envelope]) -> TenantRow:
    state = TENANT.initial
    for fact in told:
        state = TENANT.evolve(state, fact.fact, fact.occurred_at)
    opened = next((one.occurred_at for one in told if isinstance(one.fact, TenantOpened)), None)
    return TenantRow(tenant, _status(state), state.title, opened, facts, learners)


def _status(state: Tenant) -> TenantStatus:
    return "not opened" if state.title is None else "open"
