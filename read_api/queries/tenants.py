"""Which tenants does the installation have, and how is each?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from domain.access import INSTALLATION
from domain.kernel import Envelope
from domain.privacy.facts import Receipt
from domain.tenants.facts import HeldLearner, TenantErased, TenantImported, TenantOpened
from domain.tenants.state import TENANT, Tenant, of_tenant
from read_api import cursors
from read_api.answers import Answer, Page
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound

TenantStatus = Literal["not opened", "open", "erasure on hold", "being erased", "erased"]


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
    state = _state(told)
    opened = next((one.occurred_at for one in told if isinstance(one.fact, TenantOpened)), None)
    return TenantRow(tenant, _status(state), state.title, opened, facts, learners)


def _state(told: Sequence[Envelope]) -> Tenant:
    state = TENANT.initial
    for fact in told:
        state = TENANT.evolve(state, fact.fact, fact.occurred_at)
    return state


def _status(state: Tenant) -> TenantStatus:
    if state.erased:
        return "erased"
    if state.ground is not None:
        return "being erased"
    if state.held_learners:
        return "erasure on hold"
    return "not opened" if state.title is None else "open"


class TenantErasure(Answer, frozen=True, kw_only=True):
    """How far the erasure of a tenant is, step by step. ``held`` are the first of the
    ``held_learners`` on whom legal holds stood when it was asked for; ``learners`` is how many were
    erased, null before all are."""

    tenant: str
    status: TenantStatus
    ground: str | None
    held_learners: int
    held: list[HeldLearner]
    learners: int | None
    steps: list[TenantStep]
    receipts: list[Receipt]


class TenantStep(msgspec.Struct, frozen=True):
    """A fact about the tenant."""

    step: str
    position: int
    recorded_at: datetime
    actor: str


async def erasure(deps: ReadDependencies, tenant: str) -> TenantErasure:
    """Return how far it is. Raises NotFound where nothing was asked of the tenant as a whole."""
    facts = await deps.log.streams(INSTALLATION, [of_tenant(tenant).name])
    asked = [fact for fact in facts if not isinstance(fact.fact, TenantOpened | TenantImported)]
    if not asked:
        raise NotFound("erasure of tenant", tenant)
    state = _state(facts)
    return TenantErasure(
        tenant=tenant,
        status=_status(state),
        ground=state.ground,
        held_learners=state.held_learners,
        held=list(state.held),
        learners=state.learners,
        steps=[TenantStep(f.type, f.position, f.recorded_at, f.actor) for f in asked],
        receipts=[
            receipt
            for f in asked
            if isinstance(f.fact, TenantErased)
            for receipt in f.fact.receipts
        ],
        as_of=await deps.as_of(facts[-1].position),
    )
