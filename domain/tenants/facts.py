"""What can happen to a tenant as a whole?

The stream is ``main/tenant/TENANT``: it is the installation that has tenants, so these facts are
the installation's own, and stay with it when a tenant moves on.
"""

from __future__ import annotations

import msgspec

from domain.kernel import Fact, Identifier
from domain.privacy.facts import Receipt


class TenantOpened(Fact, frozen=True):
    """An institution was given a place in the installation."""

    tenant: Identifier
    title: str


class TenantImported(Fact, frozen=True):
    """The tenant came from another log: so many facts, under their ids and the times when they
    occurred, with so many learners' keys. ``checkpoint`` is that log's, as it was signed there;
    ``digest`` is the SHA-256 over the facts' bodies, in order."""

    tenant: Identifier
    checkpoint: str
    facts: int
    digest: str
    keys: int


class TenantErasureRequested(Fact, frozen=True):
    """All learners of the tenant are to be erased, and all that leads to its people; ``ground`` is
    the code of the legal ground. ``again``: they were, and a restored backup brought them back."""

    tenant: Identifier
    ground: str
    again: bool = False


class HeldLearner(msgspec.Struct, frozen=True):
    """A learner who may not be erased while these legal holds stand."""

    subject: str
    holds: tuple[str, ...]


class TenantErasureHeld(Fact, frozen=True):
    """Legal holds stand on so many learners, the first of whom are named: nothing was erased. Once
    they are lifted, it is to be asked for again."""

    tenant: Identifier
    learners: int
    held: tuple[HeldLearner, ...]


class TenantErasureBegun(Fact, frozen=True):
    """No hold stands in the tenant, and none can be placed any more: from here on nothing is taken
    back, and nobody is let into the tenant. ``ground`` is that of the request. ``again``: holds
    that a restored backup brought back do not count, for they were lifted when it first began."""

    tenant: Identifier
    ground: str
    again: bool = False


class TenantLearnersErased(Fact, frozen=True):
    """Every learner of the tenant is erased, as facts of each tell."""

    tenant: Identifier
    ground: str
    learners: int


class TenantErased(Fact, frozen=True):
    """All is done: what led to people of the tenant is deleted, too. What is left are pseudonyms,
    and bytes that nothing opens."""

    tenant: Identifier
    learners: int
    receipts: tuple[Receipt, ...]
