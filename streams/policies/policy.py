"""What is a policy?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from domain.access import Principal, Role
from domain.kernel import Envelope
from streams.ports import Order


class Policy(Protocol):
    """Reacts to facts with commands: the same fact always gives the same orders' keys."""

    @property
    def name(self) -> str:
        """The policy's name: its position is kept under it, so it never changes."""

    @property
    def facts(self) -> frozenset[str]:
        """The stored names of the facts that wake it."""

    async def orders(self, cause: Envelope) -> Sequence[Order]:
        """Return the commands that follow from a fact."""


def principal_of(policy: Policy, cause: Envelope) -> Principal:
    """Who sends a policy's commands, in the tenant of the fact that caused them."""
    return Principal(
        actor=f"policy:{policy.name}",
        tenant=cause.tenant,
        client="policy",
        roles=frozenset({Role.POLICY}),
    )
