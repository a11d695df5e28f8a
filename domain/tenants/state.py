"""What must decisions know of a tenant?"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never, get_args

import msgspec

from domain.access import INSTALLATION
from domain.kernel import StreamKind, StreamRef
from domain.tenants.facts import (
    HeldLearner,
    TenantErased,
    TenantErasureBegun,
    TenantErasureHeld,
    TenantErasureRequested,
    TenantImported,
    TenantLearnersErased,
    TenantOpened,
)

ErasureFact = (
    TenantErasureRequested
    | TenantErasureHeld
    | TenantErasureBegun
    | TenantLearnersErased
    | TenantErased
)
TenantFact = TenantOpened | TenantImported | ErasureFact


class Tenant(msgspec.Struct, frozen=True):
    """The ``title`` that a tenant was opened under (None: it was not); the digest of the facts that
    were ``imported`` (None: it began here); the ``ground`` on which its
    erasure was asked for (None: it was not, or legal holds stopped it, on so many learners, the
    first of whom are ``held``); whether that has ``begun``; how many ``learners`` were erased
    (None: not all are); whether all is ``erased``."""

    title: str | None = None
    imported: str | None = None
    ground: str | None = None
    held: tuple[HeldLearner, ...] = ()
    held_learners: int = 0
    begun: bool = False
    learners: int | None = None
    erased: bool = False


def evolve_tenant(state: Tenant, fact: TenantFact, _at: datetime) -> Tenant:
    """Take one fact in. Never refuses."""
    replace = msgspec.structs.replace
    match fact:
        case TenantOpened(title=title):
            return replace(state, title=title)
        case TenantImported(digest=digest):
            return replace(state, imported=digest)
        case TenantErasureRequested(ground=ground):
            return replace(state, ground=ground, held=(), held_learners=0)
        case TenantErasureHeld(learners=learners, held=held):
            return replace(state, ground=None, held=held, held_learners=learners)
        case TenantErasureBegun():
            return replace(state, begun=True)
        case TenantLearnersErased(learners=learners):
            return replace(state, learners=learners)
        case TenantErased(learners=learners):
            return replace(state, learners=learners, erased=True)
        case _:
            assert_never(fact)


TENANT = StreamKind("tenant", Tenant(), evolve_tenant, get_args(TenantFact))


def of_tenant(tenant: str) -> StreamRef[Tenant]:
    """Name the stream of a tenant, which is the installation's."""
    return TENANT.of(INSTALLATION, tenant)
