"""What must decisions know of a tenant?"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

import msgspec

from domain.access import INSTALLATION
from domain.kernel import StreamKind, StreamRef
from domain.tenants.facts import TenantOpened

TenantFact = TenantOpened


class Tenant(msgspec.Struct, frozen=True):
    """The ``title`` that a tenant was opened under (None: it was not)."""

    title: str | None = None


def evolve_tenant(state: Tenant, fact: TenantFact, _at: datetime) -> Tenant:
    """Take one fact in. Never refuses."""
    match fact:
        case TenantOpened(title=title):
            return msgspec.structs.replace(state, title=title)
        case _:
            assert_never(fact)


TENANT = StreamKind("tenant", Tenant(), evolve_tenant, (TenantOpened,))


def of_tenant(tenant: str) -> StreamRef[Tenant]:
    """Name the stream of a tenant, which is the installation's."""
    return TENANT.of(INSTALLATION, tenant)
