"""How does an institution get a place in the installation?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.decision import Command, Context, Decision
from commands.fields import Title
from commands.tenants.fields import TenantName, named
from domain.tenants.facts import TenantOpened
from domain.tenants.rules import TenantIsOpen, require_not_erased
from domain.tenants.state import Tenant


class OpenTenant(Command):
    """Give an institution a place of its own. Sent by an administrator of the tenant `main`."""

    tenant: TenantName
    title: Title


def open_tenant(command: OpenTenant, _context: Context, tenant: Tenant) -> Iterator[TenantOpened]:
    """Yield it, nothing where it is so already. Raises TenantIsErased or TenantIsOpen."""
    require_not_erased(tenant, command.tenant)
    if tenant.title == command.title:
        return
    if tenant.title is not None:
        raise TenantIsOpen(
            f"Tenant {command.tenant} is open as “{tenant.title}”.",
            tenant=command.tenant,
            existing_title=tenant.title,
        )
    yield TenantOpened(command.tenant, command.title)


DECISION = Decision(
    name="open-tenant",
    model=OpenTenant,
    streams=named,
    decide=open_tenant,
    example={"tenant": "north", "title": "University of the North"},
)
