"""What must decisions know of the pool of one peer task of a run?"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, assert_never, get_args

import msgspec

from domain.catalogue.facts import PeerTask
from domain.kernel import StreamKind
from domain.peer_review.facts import (
    Part,
    ReviewClaimed,
    ReviewLeaseExpired,
    ReviewSubmitted,
    SubmissionPooled,
    SubmissionReturned,
    SubmissionWithdrawn,
)
from domain.sharded import Sharded

PoolFact = (
    SubmissionPooled
    | SubmissionWithdrawn
    | SubmissionReturned
    | ReviewClaimed
    | ReviewSubmitted
    | ReviewLeaseExpired
)


class Review(NamedTuple):
    """A review that was made."""

    review: str
    reviewer: str
    parts: tuple[Part, ...]


CHUNK_PLACES = 128
Places = tuple[tuple[int, ...], ...]
"""Places in order, so many to a chunk: place n stands in chunk n // CHUNK_PLACES."""


class Pooled(NamedTuple):
    """A submission in the pool, the ``place``-th to come (from 1), with the reviews made of it and
    the claims that are open; ``withdrawn``: its attempt counts for nothing."""

    place: int
    pooled: SubmissionPooled
    reviews: tuple[Review, ...] = ()
    open: tuple[ReviewClaimed, ...] = ()
    withdrawn: bool = False

    @property
    def task(self) -> PeerTask:
        """The terms on which it is reviewed."""
        return self.pooled.task

    @property
    def load(self) -> int:
        """The number of reviews made and open together, whether or not a lease has ended."""
        return len(self.reviews) + len(self.open)

    def held(self, now: datetime) -> int:
        """Return how many reviews were made, and are open under a lease that has not ended: now <
        expires."""
        return len(self.reviews) + sum(claim.expires > now for claim in self.open)


class Reviewer(NamedTuple):
    """What one learner reviews: the submissions ``done``, the ids of all reviews ever claimed, the
    points of those ``made``, and the claim that is open."""

    done: tuple[str, ...] = ()
    claimed: frozenset[str] = frozenset()
    made: Mapping[str, tuple[Part, ...]] = MappingProxyType({})
    open: ReviewClaimed | None = None


class Pool(msgspec.Struct, frozen=True):
    """The submissions by author and attempt (see ``submission_key``), and who reviews.

    ``keys`` are those of the submissions by place; ``loads[n]`` the places of those with n reviews
    made and open together, in order and in chunks, so that a change copies little; ``open`` are all
    claims that are open.
    """

    submissions: Sharded[Pooled] = Sharded()
    reviewers: Sharded[Reviewer] = Sharded()
    keys: Sharded[str] = Sharded()
    loads: tuple[Places, ...] = ()
    open: tuple[ReviewClaimed, ...] = ()

    def of(self, author: str, attempt: str) -> Pooled | None:
        """Return the submission, or None."""
        return self.submissions.get(submission_key(author, attempt))

    def reviewer(self, subject: str) -> Reviewer:
        """Return what this learner reviews."""
        return self.reviewers.get(subject) or Reviewer()


def submission_key(author: str, attempt: str) -> str:
    """Return the key of a submission; ids hold no slash."""
    return f"{author}/{attempt}"


def evolve_pool(state: Pool, fact: PoolFact, _at: datetime) -> Pool:
    """Take one fact in. Never refuses."""
    match fact:
        case SubmissionPooled(subject=author, attempt=attempt):
            if state.of(author, attempt) is not None:
                return state
            new = Pooled(len(state.submissions) + 1, fact)
            key = submission_key(author, attempt)
            return Pool(
                state.submissions.with_entry(key, new),
                state.reviewers,
                state.keys.with_entry(str(new.place), key),
                _moved(state.loads, new.place, None, 0),
                state.open,
            )
        case SubmissionWithdrawn() | SubmissionReturned():
            return _withdrawn(state, fact)
        case ReviewClaimed():
            by = state.reviewer(fact.subject)
            by = by._replace(claimed=by.claimed | {fact.review}, open=fact)
            return _with(state, fact, by, open_claim=fact)
        case ReviewSubmitted(review=review, parts=parts):
            by = state.reviewer(fact.subject)
            key = submission_key(fact.author, fact.attempt)
            by = Reviewer(
                done=(*by.done, key),
                claimed=by.claimed | {review},
                made={**by.made, review: parts},
                open=_still_open(by, review),
            )
            return _with(state, fact, by, review=Review(review, fact.subject, parts))
        case ReviewLeaseExpired(review=review):
            by = state.reviewer(fact.subject)
            return _with(state, fact, by._replace(open=_still_open(by, review)))
        case _:
            assert_never(fact)


def _withdrawn(state: Pool, fact: SubmissionWithdrawn | SubmissionReturned) -> Pool:
    old = state.of(fact.subject, fact.attempt)
    if old is None:
        return state
    new = old._replace(withdrawn=isinstance(fact, SubmissionWithdrawn))
    key = submission_key(fact.subject, fact.attempt)
    return msgspec.structs.replace(state, submissions=state.submissions.with_entry(key, new))


def _still_open(by: Reviewer, review: str) -> ReviewClaimed | None:
    return None if by.open is None or by.open.review == review else by.open


def _with(
    state: Pool,
    fact: ReviewClaimed | ReviewSubmitted | ReviewLeaseExpired,
    by: Reviewer,
    open_claim: ReviewClaimed | None = None,
    review: Review | None = None,
) -> Pool:
    """Take in what a fact changes: its review is no longer open, but as ``open_claim``."""
    reviewers = state.reviewers.with_entry(fact.subject, by)
    every = _claims(state.open, fact, open_claim)
    old = state.of(fact.author, fact.attempt)
    if old is None:
        return Pool(state.submissions, reviewers, state.keys, state.loads, every)
    new = old._replace(
        open=_claims(old.open, fact, open_claim),
        reviews=old.reviews if review is None else (*old.reviews, review),
    )
    key = submission_key(fact.author, fact.attempt)
    loads = _moved(state.loads, new.place, old.load, new.load)
    return Pool(state.submissions.with_entry(key, new), reviewers, state.keys, loads, every)


def _claims(
    claims: tuple[ReviewClaimed, ...],
    fact: ReviewClaimed | ReviewSubmitted | ReviewLeaseExpired,
    new: ReviewClaimed | None,
) -> tuple[ReviewClaimed, ...]:
    """Return the open claims without that of the fact's review, and with the new one."""
    others = tuple(
        claim for claim in claims if (claim.subject, claim.review) != (fact.subject, fact.review)
    )
    return others if new is None else (*others, new)


def _moved(
    loads: tuple[Places, ...], place: int, before: int | None, after: int
) -> tuple[Places, ...]:
    """Return the places by load with one of them moved; ``before`` None: it is new."""
    if before == after:
        return loads
    new = [*loads, *(() for _ in range(after + 1 - len(loads)))]
    number = place // CHUNK_PLACES
    if before is not None:
        chunk = new[before][number]
        new[before] = _with_chunk(new[before], number, tuple(p for p in chunk if p != place))
    places = new[after]
    chunk = places[number] if number < len(places) else ()
    at = bisect_left(chunk, place)
    new[after] = _with_chunk(places, number, (*chunk[:at], place, *chunk[at:]))
    return tuple(new)


def _with_chunk(places: Places, number: int, chunk: tuple[int, ...]) -> Places:
    padding = ((),) * (number - len(places))
    return (*places[:number], *padding, chunk, *places[number + 1 :])


PEER_POOL = StreamKind("peer-pool", Pool(), evolve_pool, get_args(PoolFact))
