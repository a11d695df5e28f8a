"""What happens in the pool of a peer task, and what do reviews come to?"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from domain.catalogue.facts import PeerTask
from domain.kernel import Fact


class Part(msgspec.Struct, frozen=True):
    """Whole points for one criterion."""

    criterion: str
    points: int


class SubmissionPooled(Fact, frozen=True, omit_defaults=True):
    """Work was put into the pool of those to be reviewed, on the terms of ``task``.

    ``relaxes_at``: from then on fewer reviews are enough; None: never. ``artifact`` is the SHA-256
    of the work in hex.
    """

    item: str
    subject: str
    attempt: str
    task: PeerTask
    relaxes_at: datetime | None = None
    artifact: str | None = None


class SubmissionWithdrawn(Fact, frozen=True):
    """Work left the pool, because its attempt was voided: nobody else is given it to review. The
    reviews made of it stay made, for those who made them."""

    item: str
    subject: str
    attempt: str
    violation: str


class SubmissionReturned(Fact, frozen=True):
    """Work came back to its place in the pool, with its reviews: its attempt was restored."""

    item: str
    subject: str
    attempt: str
    violation: str


class ReviewClaimed(Fact, frozen=True):
    """A learner (``subject``) is to review the ``attempt`` of ``author``, while now < ``expires``;
    nobody else holds the same slot."""

    item: str
    subject: str
    review: str
    author: str
    attempt: str
    expires: datetime


class ReviewSubmitted(Fact, frozen=True):
    """The review was made: points for every criterion of the task."""

    item: str
    subject: str
    review: str
    author: str
    attempt: str
    parts: tuple[Part, ...]


class ReviewLeaseExpired(Fact, frozen=True):
    """The review was not made in time; its slot is free again."""

    item: str
    subject: str
    review: str
    author: str
    attempt: str


class PeerScoreFinalized(Fact, frozen=True, omit_defaults=True):
    """What the reviews come to: ``raw`` of ``possible`` is the sum of ``parts``, each the median of
    the ``reviews``' points for one criterion; a review is named by its reviewer and its id.
    ``needed`` so many were enough; ``relaxed``: only because time had passed. ``done`` reviews of
    others the learner had made by then."""

    item: str
    attempt: str
    reviews: tuple[str, ...]
    method: Literal["median-v1"]
    parts: tuple[Part, ...]
    raw: str
    possible: str
    needed: int
    done: int
    relaxed: bool = False
