"""How does a run open again after its seats were limited? By counting who is in."""

from __future__ import annotations

from collections.abc import Sequence

from domain.catalogue.facts import SeatsLimited
from domain.kernel import Envelope, stream_ids
from streams.ports import Order, Roster


class CountSeats:
    """Seats became limited: count who was in at that very position.

    Those who leave afterwards say so on the run's seats, and the count allows for them. Where seats
    were counted already, the command decides nothing.
    """

    name = "count-seats"
    facts = frozenset({SeatsLimited.__name__})

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    async def orders(self, cause: Envelope) -> Sequence[Order]:
        """Order the count."""
        fact = cause.fact
        if not isinstance(fact, SeatsLimited) or fact.capacity is None:
            return ()
        (run,) = stream_ids(cause.stream)
        taken = await self._roster.active_at(cause.tenant, run, cause.position)
        body = {
            "run": run,
            "number": fact.number,
            "at_position": cause.position,
            "taken": list(taken),
        }
        return (Order("count-seats", body, f"seats/{cause.id}"),)
