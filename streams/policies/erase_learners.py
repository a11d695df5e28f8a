"""How is a learner forgotten, step by step, whatever crashes in between?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from domain.kernel import Envelope, Fact
from domain.privacy.facts import (
    CachesDropped,
    ErasureBegun,
    IndexPurged,
    KeyDestroyed,
    RowsDeleted,
    TombstonesWritten,
)
from streams.policies.forgetting import Forgets, Forgotten
from streams.ports import Order

_NEXT: dict[type[Fact], str] = {
    ErasureBegun: "key-destroyed",
    KeyDestroyed: "caches-dropped",
    CachesDropped: "rows-deleted",
    RowsDeleted: "index-purged",
    IndexPurged: "tombstones-written",
    TombstonesWritten: "epoch-key-destroyed",
}


class EraseLearners:
    """Each step wakes the next: it is done here, and then recorded by a command under a key derived
    from the fact before it. So a step that was cut off is done again, and recorded once, as it is
    when two processes do it."""

    name = "erase-learners"
    facts = frozenset(cls.__name__ for cls in _NEXT)

    def __init__(self, forgets: Forgets) -> None:
        self._forgets = forgets

    async def orders(self, cause: Envelope) -> Sequence[Order]:
        """Do what follows from a step, and order that it be recorded."""
        subject = cause.subject or ""
        done = await self._do(cause, subject)
        body = {
            "subject": subject,
            "step": _NEXT[type(cause.fact)],
            "receipts": [{"place": place, "removed": n} for place, n in done.removed.items()],
            "epoch": done.epoch,
            "destroyed_at": done.destroyed_at,
            "occurred_at": datetime.now(UTC),  # it happens now, not when the request did
        }
        return (Order("record-erasure-step", body, f"erasure/{cause.id}"),)

    async def _do(self, cause: Envelope, subject: str) -> Forgotten:
        tenant, forgets = cause.tenant, self._forgets
        match cause.fact:
            case ErasureBegun(ground=ground):
                return await forgets.destroy_key(tenant, subject, cause.id, ground)
            case KeyDestroyed(destroyed_at=destroyed_at):
                return await forgets.drop_caches(destroyed_at)
            case CachesDropped():
                return await forgets.delete_rows(tenant, subject)
            case RowsDeleted():
                return await forgets.purge_index(cause.position)
            case IndexPurged():
                return await forgets.tell_outside(cause.position)
            case TombstonesWritten():
                return await forgets.end_epoch(tenant, subject)
            case _:
                raise TypeError(f"no step follows from {cause.type}")
