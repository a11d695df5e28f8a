"""Who computes the grades of a batch of regrades?"""

from __future__ import annotations

from collections.abc import Sequence

from domain.grading.facts import CourseGradeComputed, RegradeStarted
from domain.kernel import Envelope
from streams.ports import Order, Roster


class RegradeRun:
    """A batch was started: order each grade that had been computed by then to be computed again on
    the batch's terms, and after that the batch to be completed."""

    name = "regrade"
    facts = frozenset({RegradeStarted.__name__})

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    async def orders(self, cause: Envelope) -> Sequence[Order]:
        """Order everybody's grade, and the end."""
        fact = cause.fact
        if not isinstance(fact, RegradeStarted):
            return ()
        batch = {"run": fact.run, "batch": fact.batch}
        types = {CourseGradeComputed.__name__}
        graded = await self._roster.with_facts(cause.tenant, fact.run, cause.position, types, "")
        again = [
            Order(
                "compute-grade",
                {"run": fact.run, "subject": subject, "regrade": fact.batch},
                f"regrade/{cause.id}/{subject}",
            )
            for subject in graded
        ]
        end = {**batch, "learners": len(graded)}
        return [*again, Order("complete-regrade", end, f"regrade/{cause.id}", after_all=True)]
