"""What may not be done with a tenant?"""

from __future__ import annotations

from domain.access import INSTALLATION
from domain.kernel import Refusal
from domain.tenants.state import Tenant

NAME = r"[a-z][a-z0-9-]{0,39}"
"""What a tenant may be called: it begins the names of its streams, and stands in tokens."""


class TenantIsOpen(Refusal):
    """A tenant is opened once, under one title. The same again changes nothing."""

    rule = "tenant-open"
    title = "The tenant is open already"


class TenantIsErased(Refusal):
    """The tenant is being erased, or was: no key of a learner is made under its name any more, and
    the name is not used again. Open another one."""

    rule = "tenant-erased"
    title = "The tenant was erased"

    def __init__(self, tenant: str) -> None:
        super().__init__(f"Tenant {tenant} was erased, or is being erased.", tenant=tenant)


class TenantOfInstallation(Refusal):
    """The tenant `main` runs the installation, and keeps what happened to the others. To erase it,
    erase its learners, or destroy the installation with its store of keys."""

    rule = "tenant-of-installation"
    title = "The installation's own tenant cannot be erased"


def require_no_installation(tenant: str) -> None:
    """Raise TenantOfInstallation."""
    if tenant == INSTALLATION:
        raise TenantOfInstallation(f"{tenant} is the installation's own tenant.", tenant=tenant)


def require_not_erased(state: Tenant, tenant: str) -> None:
    """Raise TenantIsErased from when the erasure is asked for, unless legal holds stopped it."""
    if state.ground is not None:
        raise TenantIsErased(tenant)
