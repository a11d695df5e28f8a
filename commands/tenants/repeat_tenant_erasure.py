"""How is a tenant forgotten again, when an old backup of the log was restored?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.decision import Command, Context, Decision
from commands.privacy.fields import ErasureGround
from commands.tenants.fields import TenantName, named
from domain.tenants.facts import TenantErasureBegun, TenantErasureRequested
from domain.tenants.state import Tenant


class RepeatTenantErasure(Command):
    """Erase a tenant of which the ledger says that it was. No hold keeps that: its erasure had
    begun when none stood. Sent at a start, before anybody is served."""

    tenant: TenantName
    ground: ErasureGround


def repeat_tenant_erasure(
    command: RepeatTenantErasure, _context: Context, tenant: Tenant
) -> Iterator[TenantErasureRequested | TenantErasureBegun]:
    """Yield what the restored log lacks."""
    if tenant.ground is None:
        yield TenantErasureRequested(command.tenant, command.ground, again=True)
    if not tenant.begun:
        yield TenantErasureBegun(command.tenant, command.ground, again=True)


DECISION = Decision(
    name="repeat-tenant-erasure",
    model=RepeatTenantErasure,
    streams=named,
    decide=repeat_tenant_erasure,
    example={"tenant": "north", "ground": "no-longer-necessary"},
)
