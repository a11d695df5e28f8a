"""How does each peer task stand: who waits for reviews, who owes some, and what came of them?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from domain.kernel import Envelope, stream_ids
from domain.peer_review.facts import (
    PeerScoreFinalized,
    ReviewClaimed,
    ReviewLeaseExpired,
    ReviewSubmitted,
    SubmissionPooled,
    SubmissionReturned,
    SubmissionWithdrawn,
)
from projections.reading import Documents, Key, Reading, View, columns, names


class Submission(Struct, frozen=True, gc=False):
    """A submission in a pool: how many reviews were made of it and are open, of those it wants.

    ``relaxes_at``: from then on fewer are enough; None: never. ``withdrawn_at``: its attempt
    was voided then, and nobody is given it to review.
    """

    run: str
    item: str
    author: str
    attempt: str
    pooled_at: datetime | None = None
    must_be_graded_by: int = 0
    relaxes_at: datetime | None = None
    received: int = 0
    open: tuple[str, ...] = ()
    position: int = 0
    withdrawn_at: datetime | None = None


class Duty(Struct, frozen=True, gc=False):
    """What one learner owes on a peer task and has done, and the score of their own work.

    ``owed`` is 0 where nothing of theirs was pooled. ``review`` is the one that they have claimed,
    of the ``attempt`` of ``author``. ``expired`` counts leases that ended.
    """

    run: str
    item: str
    subject: str
    owed: int = 0
    done: int = 0
    expired: int = 0
    review: str | None = None
    author: str | None = None
    attempt: str | None = None
    expires: datetime | None = None
    pooled_at: datetime | None = None
    relaxes_at: datetime | None = None
    raw: str | None = None
    possible: str | None = None
    reviews: int | None = None
    relaxed: bool = False
    finalized_at: datetime | None = None
    position: int = 0


def fold_submission(document: Submission | None, envelope: Envelope, key: Key) -> Submission:
    """Take one fact about a submission in."""
    old = replace(document or Submission(*key), position=envelope.position)
    match envelope.fact:
        case SubmissionPooled(task=task, relaxes_at=relaxes_at):
            return replace(
                old,
                pooled_at=old.pooled_at or envelope.occurred_at,
                must_be_graded_by=task.must_be_graded_by,
                relaxes_at=relaxes_at,
            )
        case SubmissionWithdrawn():
            return replace(old, withdrawn_at=envelope.occurred_at)
        case SubmissionReturned():
            return replace(old, withdrawn_at=None)
        case ReviewClaimed() as fact:
            return replace(old, open=(*_others(old, fact), _claim(fact)))
        case ReviewSubmitted() as fact:
            return replace(old, open=_others(old, fact), received=old.received + 1)
        case ReviewLeaseExpired() as fact:
            return replace(old, open=_others(old, fact))
        case _:
            return old


def _claim(fact: ReviewClaimed | ReviewSubmitted | ReviewLeaseExpired) -> str:
    return f"{fact.subject}/{fact.review}"


def _others(
    old: Submission, fact: ReviewClaimed | ReviewSubmitted | ReviewLeaseExpired
) -> tuple[str, ...]:
    return tuple(one for one in old.open if one != _claim(fact))


def fold_duty(document: Duty | None, envelope: Envelope, key: Key) -> Duty:
    """Take one fact of a learner on a peer task in."""
    old = replace(document or Duty(*key), position=envelope.position)
    match envelope.fact:
        case SubmissionPooled(task=task, relaxes_at=relaxes_at):
            return replace(
                old,
                owed=max(old.owed, task.must_grade),
                pooled_at=envelope.occurred_at,
                relaxes_at=relaxes_at,
            )
        case ReviewClaimed() as fact:
            return replace(
                old,
                review=fact.review,
                author=fact.author,
                attempt=fact.attempt,
                expires=fact.expires,
            )
        case ReviewSubmitted(review=review):
            return replace(_closed(old, review), done=old.done + 1)
        case ReviewLeaseExpired(review=review):
            return replace(_closed(old, review), expired=old.expired + 1)
        case PeerScoreFinalized() as fact:
            return replace(
                old,
                raw=fact.raw,
                possible=fact.possible,
                reviews=len(fact.reviews),
                relaxed=fact.relaxed,
                finalized_at=envelope.occurred_at,
            )
        case _:
            return old


def _closed(old: Duty, review: str) -> Duty:
    if old.review != review:
        return old
    return replace(old, review=None, author=None, attempt=None, expires=None)


def submission_keys(envelope: Envelope) -> Iterable[Key]:
    """Run, item, author and attempt."""
    run, item = stream_ids(envelope.stream)
    fact = envelope.fact
    if isinstance(fact, SubmissionPooled | SubmissionWithdrawn | SubmissionReturned):
        return ((run, item, fact.subject, fact.attempt),)
    return ((run, item, fact.author, fact.attempt),)  # type: ignore[attr-defined]


def duty_keys(envelope: Envelope) -> Iterable[Key]:
    """Run, item and learner."""
    fact = envelope.fact
    if isinstance(fact, PeerScoreFinalized):
        run, subject = stream_ids(envelope.stream)
        return ((run, fact.item, subject),)
    run, item = stream_ids(envelope.stream)
    return ((run, item, fact.subject),)  # type: ignore[attr-defined]


_OF_POOLS = names(SubmissionPooled, ReviewClaimed, ReviewSubmitted, ReviewLeaseExpired)

PEER_REVIEW = Reading(
    name="reviews",
    version=3,
    documents=(
        Documents(
            name="submission",
            row=Submission,
            key=("run", "item", "author", "attempt"),
            facts=_OF_POOLS | names(SubmissionWithdrawn, SubmissionReturned),
            keys=submission_keys,
            fold=fold_submission,
        ),
        Documents(
            name="duty",
            row=Duty,
            key=("run", "item", "subject"),
            facts=_OF_POOLS | names(PeerScoreFinalized),
            keys=duty_keys,
            fold=fold_duty,
            indexes=("(subject)",),
        ),
    ),
    views=(
        View("peer_submissions", columns(Submission), "{submission}"),
        View("peer_duties", columns(Duty), "{duty}"),
    ),
)
