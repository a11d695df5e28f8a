"""How is what peers review told, each in one sentence?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.kernel import Fact
from domain.peer_review.facts import (
    PeerScoreFinalized,
    ReviewClaimed,
    ReviewLeaseExpired,
    ReviewSubmitted,
    SubmissionPooled,
    SubmissionReturned,
    SubmissionWithdrawn,
)
from read_api.sentences.words import Title, counted, score


def _pooled(fact: SubmissionPooled, title: Title) -> str:
    wanted = counted(fact.task.must_be_graded_by, "review")
    return f"{title(fact.item)} waits for {wanted} by peers"


def _withdrawn_work(fact: SubmissionWithdrawn, title: Title) -> str:
    return f"{title(fact.item)} is no longer given to peers: the attempt is void"


def _returned_work(fact: SubmissionReturned, title: Title) -> str:
    return f"{title(fact.item)} is given to peers again: the attempt was restored"


def _claimed(fact: ReviewClaimed, title: Title) -> str:
    return f"Took the work of {fact.author} on {title(fact.item)} to review"


def _reviewed(fact: ReviewSubmitted, title: Title) -> str:
    points = sum(part.points for part in fact.parts)
    return f"Reviewed the work of {fact.author} on {title(fact.item)}: {points} points"


def _lease_ended(fact: ReviewLeaseExpired, title: Title) -> str:
    return f"Did not review the work of {fact.author} on {title(fact.item)} in time"


def _peer_score(fact: PeerScoreFinalized, title: Title) -> str:
    reviews = counted(len(fact.reviews), "review")
    return f"{title(fact.item)} got {score(fact.raw, fact.possible)} from {reviews} by peers"


OF_ITEMS: Mapping[type[Fact], Callable[[Any, Title], str]] = {
    SubmissionPooled: _pooled,
    SubmissionWithdrawn: _withdrawn_work,
    SubmissionReturned: _returned_work,
    ReviewClaimed: _claimed,
    ReviewSubmitted: _reviewed,
    ReviewLeaseExpired: _lease_ended,
    PeerScoreFinalized: _peer_score,
}
