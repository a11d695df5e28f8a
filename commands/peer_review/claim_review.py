"""How does a learner get a submission to review?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.rules import require_item, require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.enrolment.terms import require_access
from domain.kernel import Fact, StreamRef
from domain.peer_review.facts import ReviewClaimed, ReviewLeaseExpired
from domain.peer_review.rules import (
    LEASE,
    NothingToReview,
    OwnWorkFirst,
    lapsed,
    next_submission,
    require_no_open_review,
    require_peer_task,
)
from domain.peer_review.state import PEER_POOL, Pool
from domain.wording import moment


class ClaimReview(Command):
    """Get the next submission to review, for 8 hours."""

    run: Id
    subject: Id = Field(description="The learner who reviews.")
    item: Id
    review: Id = Field(description="Chosen by the client; sent again, it decides nothing.")


def streams(command: ClaimReview, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the pool, the reviewer's enrolment, the run and its content."""
    return (
        PEER_POOL.of(tenant, command.run, command.item),
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
        RUN_CONTENT.of(tenant, command.run),
    )


def claim_review(
    command: ClaimReview,
    context: Context,
    pool: Pool,
    enrolment: Enrolment,
    run: Run,
    content: Content,
) -> Iterator[ReviewLeaseExpired | ReviewClaimed]:
    """Yield the claim, after the ends of leases that stood in its way; nothing where the review is
    known.

    Raises RunUnknown, NotEnrolled, AccessHasExpired, ItemUnknown, NotAPeerTask, OwnWorkFirst,
    ReviewOpen or NothingToReview.
    """
    require_run(run, command.run)
    by = pool.reviewer(command.subject)
    if command.review in by.claimed:
        return
    require_access(enrolment, command.run, command.subject)
    require_peer_task(require_item(content, command.run, command.item))
    own = [
        pooled
        for made in enrolment.attempts.get(command.item, ())
        if (pooled := pool.of(command.subject, made.attempt)) is not None
    ]
    if not own:
        raise OwnWorkFirst(
            f"Learner {command.subject} has handed in nothing on {command.item} yet.",
            run=command.run,
            subject=command.subject,
            item=command.item,
        )
    require_no_open_review(by, command.subject, context.now)
    owed = max(pooled.task.must_grade for pooled in own)
    found = next_submission(pool, command.subject, owed, context.now)
    if found is None:
        raise NothingToReview(
            f"There is nothing on {command.item} for {command.subject} to review now.",
            run=command.run,
            subject=command.subject,
            item=command.item,
            submissions=len(pool.submissions),
            done=len(by.done),
            must_grade=owed,
        )
    yield from lapsed(by, found, context.now)
    yield ReviewClaimed(
        item=command.item,
        subject=command.subject,
        review=command.review,
        author=found.pooled.subject,
        attempt=found.pooled.attempt,
        expires=context.now + LEASE,
    )


def answer(facts: tuple[Fact, ...]) -> dict[str, Any]:
    """Return what the caller needs to know of what was recorded."""
    (fact,) = (fact for fact in facts if isinstance(fact, ReviewClaimed))
    return {"author": fact.author, "attempt": fact.attempt, "expires": moment(fact.expires)}


DECISION = Decision(
    name="claim-review",
    model=ClaimReview,
    streams=streams,
    decide=claim_review,
    unconditioned=frozenset({"enrolment", "run", "run-content"}),
    example={"run": "AAA-2013J", "subject": "oulad-11391", "item": "essay", "review": "r-1"},
    answer=answer,
)
