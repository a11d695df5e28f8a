"""When is a peer score worked out by itself? When a review came that it may have waited for, or the
work came back to the pool."""

from __future__ import annotations

from collections.abc import Sequence

from domain.kernel import Envelope, stream_ids
from domain.peer_review.facts import ReviewSubmitted, SubmissionReturned
from streams.ports import Order


class FinalizePeerScores:
    """A review is one that its author waited for, and one that its reviewer owed: either may have a
    score now; so may work that was withdrawn while its reviews came. Whether there is
    one is decided by the command."""

    name = "finalize-peer-scores"
    facts = frozenset({ReviewSubmitted.__name__, SubmissionReturned.__name__})

    async def orders(self, cause: Envelope) -> Sequence[Order]:
        """Order the scores of both, or of the author whose work came back."""
        fact = cause.fact
        if isinstance(fact, ReviewSubmitted):
            learners = {"author": fact.author, "reviewer": fact.subject}
        elif isinstance(fact, SubmissionReturned):
            learners = {"author": fact.subject}
        else:
            return ()
        run, item = stream_ids(cause.stream)
        return [
            Order(
                "finalize-peer-score",
                {"run": run, "subject": subject, "item": item},
                f"peer-score/{cause.id}/{role}",
            )
            for role, subject in learners.items()
        ]
