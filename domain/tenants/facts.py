"""What can happen to a tenant as a whole?

The stream is ``main/tenant/TENANT``: it is the installation that has tenants, so these facts are
the installation's own, and stay with it when a tenant moves on.
"""

from __future__ import annotations

from domain.kernel import Fact, Identifier


class TenantOpened(Fact, frozen=True):
    """An institution was given a place in the installation."""

    tenant: Identifier
    title: str
