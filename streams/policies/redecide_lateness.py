"""What becomes of work that is in when due dates of a run move? It is judged anew."""

from __future__ import annotations

from collections.abc import Sequence

from domain.catalogue.facts import (
    ContentVersionPublished,
    DueDateOverridden,
    DueOverrideRemoved,
    RunRescheduled,
)
from domain.kernel import Envelope, stream_ids
from streams.ports import Order, Roster


class RedecideLateness:
    """Due dates moved for many: order each learner who had handed something in to be judged anew.

    What is handed in after that position is judged by the new dates anyway. What an extension or a
    cohort means for one learner is decided with it.
    """

    name = "redecide-lateness"
    facts = frozenset(
        cls.__name__
        for cls in (ContentVersionPublished, DueDateOverridden, DueOverrideRemoved, RunRescheduled)
    )

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    async def orders(self, cause: Envelope) -> Sequence[Order]:
        """Order everybody's work to be judged; nobody's where a content version moved no date."""
        if isinstance(cause.fact, ContentVersionPublished) and not cause.fact.redated:
            return ()
        (run,) = stream_ids(cause.stream)
        subjects = await self._roster.handed_in_by(cause.tenant, run, cause.position)
        return [
            Order(
                "redecide-lateness",
                {"run": run, "subject": subject},
                f"lateness/{cause.id}/{subject}",
            )
            for subject in subjects
        ]
