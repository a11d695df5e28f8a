"""How does a step of a tenant's erasure become a fact?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, assert_never

from pydantic import BaseModel, ConfigDict, Field

from commands.decision import Command, Context, Decision, Id
from commands.privacy.record_erasure_step import PLACES_MAX, ReceiptBody
from commands.tenants.fields import TenantName, named
from domain.privacy.facts import Receipt
from domain.tenants.facts import (
    HeldLearner,
    TenantErased,
    TenantErasureBegun,
    TenantErasureHeld,
    TenantLearnersErased,
)
from domain.tenants.state import ErasureFact, Tenant

HELD_MAX = 100
HOLDS_MAX = 100
Learners = Annotated[int, Field(strict=True, ge=0, le=2**53)]


class HeldBody(BaseModel):
    """A learner, and the legal holds that stand on them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: Id
    holds: Annotated[tuple[Id, ...], Field(max_length=HOLDS_MAX)]


class RecordTenantErasure(Command):
    """Record how far a tenant's erasure is. The policy that carries it out sends it; what is
    recorded already, or is not the next step, changes nothing."""

    tenant: TenantName
    step: Literal["held", "begun", "learners-erased", "erased"]
    learners: Learners = 0
    held: Annotated[tuple[HeldBody, ...], Field(max_length=HELD_MAX)] = ()
    receipts: Annotated[tuple[ReceiptBody, ...], Field(max_length=PLACES_MAX)] = ()


def record_tenant_erasure(
    command: RecordTenantErasure, _context: Context, tenant: Tenant
) -> Iterator[ErasureFact]:
    """Yield the step's fact, where it is the next one."""
    name, learners, ground = command.tenant, command.learners, tenant.ground
    if ground is None or tenant.erased:
        return
    match command.step:
        case "held":
            if not tenant.begun:
                held = tuple(HeldLearner(one.subject, one.holds) for one in command.held)
                yield TenantErasureHeld(name, learners, held)
        case "begun":
            if not tenant.begun:
                yield TenantErasureBegun(name, ground)
        case "learners-erased":
            if tenant.begun and tenant.learners is None:
                yield TenantLearnersErased(name, ground, learners)
        case "erased":
            if tenant.learners is not None:
                receipts = tuple(Receipt(one.place, one.removed) for one in command.receipts)
                yield TenantErased(name, learners, receipts)
        case _:
            assert_never(command.step)


DECISION = Decision(
    name="record-tenant-erasure",
    model=RecordTenantErasure,
    streams=named,
    decide=record_tenant_erasure,
    example={"tenant": "north", "step": "learners-erased", "learners": 12_000},
)
