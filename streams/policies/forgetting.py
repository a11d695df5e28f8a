"""What must be done so that a learner is forgotten?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Protocol


class Forgotten(NamedTuple):
    """What a step did: how much it removed, by place."""

    removed: Mapping[str, int]
    epoch: int = 0
    destroyed_at: datetime | None = None


class Forgets(Protocol):
    """The steps of an erasure. Each may be done again, and then finds less to do.

    Every call raises ``projections.ports.StoreUnavailable`` or ``commands.ports.LogUnavailable``
    where it could not be done, or not yet: do it again.
    """

    async def destroy_key(self, tenant: str, subject: str, request: str, ground: str) -> Forgotten:
        """Destroy the learner's key and enter it in the ledger: what epoch, and when."""

    async def drop_caches(self, destroyed_at: datetime) -> Forgotten:
        """Return once no process holds a key any more that was destroyed at that moment."""

    async def delete_rows(self, tenant: str, subject: str) -> Forgotten:
        """Delete what leads from the learner's pseudonym to the person."""

    async def purge_index(self, position: int) -> Forgotten:
        """Return once the search has taken in the fact at this position, and the bytes of what it
        replaced are gone."""

    async def tell_outside(self, position: int) -> Forgotten:
        """Return once consumers outside have been sent the fact at this position."""

    async def end_epoch(self, tenant: str, subject: str) -> Forgotten:
        """Destroy the key that copies of the learner's key are wrapped with; one end serves all
        learners whose key was destroyed before it."""
