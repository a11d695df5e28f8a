"""When is a peer score worked out by itself? When a review came that it may have waited for."""

from __future__ import annotations

from collections.abc import Sequence

from domain.kernel import Envelope, stream_ids
from domain.peer_review.facts import ReviewSubmitted
from streams.ports import Order


class FinalizePeerScores:
    """A review is one that its author waited for, and one that its reviewer owed: either may have a
    score now. Whether there is one is decided by the command."""

    name = "finalize-peer-scores"
    facts = frozenset({ReviewSubmitted.__name__})

    async def orders(self, cause: Envelope) -> Sequence[Order]:
        """Order the scores of both."""
        fact = cause.fact
        if not isinstance(fact, ReviewSubmitted):
            return ()
        run, item = stream_ids(cause.stream)
        return [
            Order(
                "finalize-peer-score",
                {"run": run, "subject": subject, "item": item},
                f"peer-score/{cause.id}/{role}",
            )
            for role, subject in (("author", fact.author), ("reviewer", fact.subject))
        ]
