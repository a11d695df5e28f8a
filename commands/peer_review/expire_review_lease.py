"""What becomes of a claimed review that was not made in time?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.due import require_due
from domain.peer_review.facts import ReviewLeaseExpired
from domain.peer_review.rules import expiry, require_claimed
from domain.peer_review.state import PEER_POOL, Pool


class ExpireReviewLease(Command):
    """Note that a review's lease has ended: its slot is free. Sent by the scheduler."""

    run: Id
    subject: Id
    item: Id
    review: Id


def expire_review_lease(
    command: ExpireReviewLease, context: Context, pool: Pool, run: Run
) -> Iterator[ReviewLeaseExpired]:
    """Yield the end of the lease, nothing where the review is no longer open.

    Raises RunUnknown, ReviewUnknown or NotDue.
    """
    require_run(run, command.run)
    by = pool.reviewer(command.subject)
    require_claimed(by, command.subject, command.review)
    claim = by.open
    if claim is None or claim.review != command.review:
        return
    require_due(claim.expires, context.now, f"Review {command.review} is leased")
    yield expiry(claim)


DECISION = Decision(
    name="expire-review-lease",
    model=ExpireReviewLease,
    streams=lambda command, tenant: (
        PEER_POOL.of(tenant, command.run, command.item),
        RUN.of(tenant, command.run),
    ),
    decide=expire_review_lease,
    unconditioned=frozenset({"run"}),
    example={"run": "AAA-2013J", "subject": "oulad-11391", "item": "essay", "review": "r-1"},
)
