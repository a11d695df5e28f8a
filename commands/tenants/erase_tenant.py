"""How is a tenant forgotten?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.decision import Command, Context, Decision
from commands.privacy.fields import ErasureGround
from commands.tenants.fields import TenantName, named
from domain.tenants.facts import TenantErasureRequested
from domain.tenants.rules import require_no_installation
from domain.tenants.state import Tenant


class EraseTenant(Command):
    """Erase every learner of a tenant, and what leads to its people. It cannot be taken back. Where
    a legal hold stands on a learner, nothing is erased, and it is said who is held. Sent by an
    administrator of the tenant `main`."""

    tenant: TenantName
    ground: ErasureGround


def erase_tenant(
    command: EraseTenant, _context: Context, tenant: Tenant
) -> Iterator[TenantErasureRequested]:
    """Yield that it is asked for; once, or again after legal holds stopped it. Raises
    TenantOfInstallation."""
    require_no_installation(command.tenant)
    if tenant.ground is None:
        yield TenantErasureRequested(command.tenant, command.ground)


DECISION = Decision(
    name="erase-tenant",
    model=EraseTenant,
    streams=named,
    decide=erase_tenant,
    example={"tenant": "north", "ground": "no-longer-necessary"},
)
