"""What must be known and done so that a tenant is forgotten?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol


class Progress(NamedTuple):
    """How many learners of a tenant are erased, and of how many more that was asked for."""

    erased: int
    left: int


class Leaves(Protocol):
    """What there is of a tenant that is to go.

    Every call raises ``projections.ports.StoreUnavailable`` or ``commands.ports.LogUnavailable``
    where it could not be done: do it again.
    """

    async def enter(self, tenant: str, request: str, ground: str) -> None:
        """Enter the tenant in the ledger of erasures, which outlives a restored backup of the log;
        ``request`` is the id of the fact that its erasure began with."""

    async def held(self, tenant: str) -> Mapping[str, Sequence[str]]:
        """Return the learners on whom legal holds stand, each with those."""

    async def unasked(self, tenant: str) -> Sequence[str]:
        """Return some learners whose erasure nobody asked for yet; none: it was asked for all."""

    async def progress(self, tenant: str) -> Progress:
        """Return how far the erasures of learners are."""

    async def forget(self, tenant: str) -> Mapping[str, int]:
        """Delete what leads from pseudonyms of the tenant to people, and lets them in: how much, by
        place."""
