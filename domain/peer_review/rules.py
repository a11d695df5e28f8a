"""Who may review what, until when, and when is there a score [Open edX ORA]?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain

from domain.catalogue.facts import Item, PeerTask
from domain.kernel import Refusal
from domain.peer_review.facts import (
    Part,
    PeerScoreFinalized,
    ReviewClaimed,
    ReviewLeaseExpired,
)
from domain.peer_review.scoring import medians, reviews_needed
from domain.peer_review.state import Pool, Pooled, Reviewer, submission_key
from domain.wording import moment

LEASE = timedelta(hours=8)


class NotAPeerTask(Refusal):
    """Reviews are made of the work on a peer task that says how: with `peer` in the content."""

    rule = "not-a-peer-task"
    title = "The item has no peer review"


class OwnWorkFirst(Refusal):
    """A learner reviews others' work on a peer task after handing in their own [Open edX ORA]."""

    rule = "own-work-first"
    title = "Hand in your own work first"


class ReviewOpen(Refusal):
    """A learner makes one review at a time. Another one of theirs is open, and its lease has not
    ended: submit that first."""

    rule = "review-open"
    title = "Another review is open"


class NothingToReview(Refusal):
    """There is no submission to review now. One's own is never reviewed, none twice by the same
    learner, none whose attempt was voided, and no two learners hold one last slot of a submission
    together: slots that are claimed come free when the lease ends. Whoever still owes reviews may
    also review what has all its reviews; whoever owes none may not. Try again later."""

    rule = "nothing-to-review"
    title = "There is nothing to review now"


class ReviewUnknown(Refusal):
    """The learner never claimed a review with this id: claim it first with `claim-review`."""

    rule = "review-unknown"
    title = "There is no such review"


class ReviewLeaseEnded(Refusal):
    """A claimed review is leased for 8 hours (`now < expires`) [Open edX ORA]. This lease has
    ended, and the submission is others' to review: claim again."""

    rule = "review-lease-ended"
    title = "The review's lease has ended"


class ReviewIsSubmitted(Refusal):
    """A review that was submitted stands. The same points sent again are no error and change
    nothing."""

    rule = "review-submitted"
    title = "The review was submitted with other points"


class PartsMismatch(Refusal):
    """A review gives whole points for every criterion of the task, once each, and for no other,
    from 0 to what the criterion allows."""

    rule = "parts-mismatch"
    title = "The points do not fit the task's criteria"


class PeerScoreNotReady(Refusal):
    """A peer score wants so many reviews received, and so many reviews of others made by the
    learner: there is none until they have made what they owe. Where the task is flexible, after 7
    days max(1, floor(30%)) of the reviews received are enough [Open edX ORA]. It is worked out by
    itself when the last of it comes."""

    rule = "peer-score-not-ready"
    title = "The peer score is not ready"


def require_peer_task(item: Item) -> PeerTask:
    """Return the terms of review, or raise NotAPeerTask."""
    if item.peer is None:
        raise NotAPeerTask(
            f"Item {item.item} is not reviewed by peers.", item=item.item, kind=item.kind
        )
    return item.peer


def next_submission(pool: Pool, reviewer: str, owed: int, now: datetime) -> Pooled | None:
    """Return what a learner reviews next, or None.

    Of others' submissions that they have not reviewed: the one with fewest completed plus open
    reviews, then the oldest [Open edX ORA]. One whose free slots are all claimed is left out; one
    that has all its reviews is only for who has made fewer than they owe; one that was withdrawn is
    for nobody.
    """
    done = pool.reviewer(reviewer).done
    ended = {submission_key(c.author, c.attempt) for c in pool.open if c.expires <= now}
    choices = [pooled for key in ended if (pooled := pool.submissions.get(key)) is not None]
    choices = [one for one in choices if _may_review(one, reviewer, done, owed, now)]
    for place in chain.from_iterable(chain.from_iterable(pool.loads)):
        key = pool.keys.get(str(place)) or ""
        pooled = None if key in ended else pool.submissions.get(key)
        if pooled is not None and _may_review(pooled, reviewer, done, owed, now):
            choices.append(pooled)
            break
    return min(choices, key=lambda one: (one.held(now), one.place), default=None)


def _may_review(
    pooled: Pooled, reviewer: str, done: tuple[str, ...], owed: int, now: datetime
) -> bool:
    submission, slots = pooled.pooled, pooled.task.must_be_graded_by
    if pooled.withdrawn or submission.subject == reviewer:
        return False
    if submission_key(submission.subject, submission.attempt) in done:
        return False
    return pooled.held(now) < slots or (len(pooled.reviews) >= slots and len(done) < owed)


def lapsed(by: Reviewer, pooled: Pooled, now: datetime) -> Iterator[ReviewLeaseExpired]:
    """Yield the ends of leases that stand in the way of a claim: the learner's own, and those on
    the submission. So the facts alone show that no slot is held twice."""
    ended = [claim for claim in pooled.open if claim.expires <= now]
    if by.open is not None and by.open.expires <= now and by.open not in ended:
        ended.append(by.open)
    for claim in ended:
        yield expiry(claim)


def expiry(claim: ReviewClaimed) -> ReviewLeaseExpired:
    """Return the end of a lease."""
    return ReviewLeaseExpired(claim.item, claim.subject, claim.review, claim.author, claim.attempt)


def require_no_open_review(by: Reviewer, subject: str, now: datetime) -> None:
    """Raise ReviewOpen while another review of the learner is leased."""
    claim = by.open
    if claim is not None and now < claim.expires:
        raise ReviewOpen(
            f"Learner {subject} has claimed review {claim.review}, until {moment(claim.expires)}.",
            subject=subject,
            review=claim.review,
            expires=moment(claim.expires),
        )


def require_claimed(by: Reviewer, subject: str, review: str) -> None:
    """Raise ReviewUnknown where the learner never claimed it."""
    if review not in by.claimed:
        raise ReviewUnknown(
            f"Learner {subject} never claimed review {review}.", subject=subject, review=review
        )


def require_parts(task: PeerTask, parts: Sequence[Part]) -> None:
    """Raise PartsMismatch unless there are points for each criterion, in its range."""
    possible = {criterion.name: criterion.possible for criterion in task.criteria}
    given = [part.criterion for part in parts]
    over = sorted(p.criterion for p in parts if p.points > possible.get(p.criterion, p.points))
    if sorted(given) != sorted(possible) or over:
        many = f", too many for {', '.join(over)}" if over else ""
        raise PartsMismatch(
            f"The task has the criteria {', '.join(possible)}; the review gives points for "
            f"{', '.join(given)}{many}.",
            criteria=possible,
            given=given,
            over=over,
        )


def finalize(pooled: Pooled, done: int, run_id: str, now: datetime) -> PeerScoreFinalized:
    """Return the score of a submission whose author has made ``done`` reviews of others, or raise
    PeerScoreNotReady."""
    submission, task = pooled.pooled, pooled.task
    relaxed = submission.relaxes_at is not None and now >= submission.relaxes_at
    needed = reviews_needed(task, relaxed=relaxed)
    received = len(pooled.reviews)
    if received < needed or done < task.must_grade:
        raise PeerScoreNotReady(
            f"The work of {submission.subject} on {submission.item} has {received} of {needed} "
            f"reviews, and {submission.subject} has made {done} of {task.must_grade}.",
            run=run_id,
            item=submission.item,
            subject=submission.subject,
            attempt=submission.attempt,
            received=received,
            needed=needed,
            done=done,
            must_grade=task.must_grade,
        )
    parts = medians(task, [review.parts for review in pooled.reviews])
    return PeerScoreFinalized(
        item=submission.item,
        attempt=submission.attempt,
        reviews=tuple(f"{review.reviewer}/{review.review}" for review in pooled.reviews),
        method="median-v1",
        parts=parts,
        raw=str(sum(part.points for part in parts)),
        possible=str(sum(criterion.possible for criterion in task.criteria)),
        needed=needed,
        done=done,
        relaxed=relaxed and received < task.must_be_graded_by,
    )
