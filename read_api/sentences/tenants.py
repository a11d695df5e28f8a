"""How are the facts about tenants told, each in one sentence?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.kernel import Fact
from domain.tenants.facts import (
    TenantErased,
    TenantErasureBegun,
    TenantErasureHeld,
    TenantErasureRequested,
    TenantImported,
    TenantLearnersErased,
    TenantOpened,
)

PLAIN: Mapping[type[Fact], str] = {
    TenantOpened: "Tenant {f.tenant} was opened: {f.title}",
    TenantImported: "Tenant {f.tenant} came from another log, with {f.facts:,} facts",
    TenantErasureRequested: "The erasure of tenant {f.tenant} was asked for ({f.ground})",
    TenantErasureBegun: "The erasure of tenant {f.tenant} has begun: nobody is let in any more",
    TenantLearnersErased: "All {f.learners:,} learners of tenant {f.tenant} are erased",
    TenantErased: "Tenant {f.tenant} is erased, with {f.learners:,} learners",
}


def _held(fact: TenantErasureHeld) -> str:
    """Tell who keeps it."""
    told = ", ".join(one.subject for one in fact.held)
    more = "" if fact.learners == len(fact.held) else " and others"
    return f"Legal holds stopped the erasure of tenant {fact.tenant}: on {told}{more}"


TELLERS: Mapping[type[Fact], Callable[[Any], str]] = {TenantErasureHeld: _held}
