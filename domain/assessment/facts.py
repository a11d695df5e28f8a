"""What is handed in, and on which terms?"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from domain.catalogue.facts import OnExpiry
from domain.kernel import Fact, Personal

DueBasis = Literal["item", "relative", "run", "cohort", "learner"]
"""What an effective due date rests on: the item's own date, its offset from the enrolment start,
an override of the run or of a cohort, or the learner's own extension."""


class SubmissionReceived(Fact, frozen=True, omit_defaults=True):
    """Work was handed in for the ``number``-th time (from 1).

    ``due`` is the effective due date that it was judged by, and ``due_basis`` what that rests on;
    ``late_seconds`` is 0 where it was in time or nothing was due, and otherwise the time since,
    rounded up to whole seconds.
    ``content_version`` is what the attempt is pinned to, and ``possible`` the item's highest score
    in it (exact decimal text); ``artifact`` is the SHA-256 of what was handed in, in hex.
    """

    item: str
    attempt: str
    number: int
    content_version: int
    due: datetime | None = None
    late_seconds: int = 0
    artifact: str | None = None
    possible: str = "100"
    due_basis: DueBasis = "item"


class AttemptStarted(Fact, frozen=True, omit_defaults=True):
    """The learner began the ``number``-th attempt (from 1), pinned to a content version.

    ``deadline`` is the start + ``time_limit_s`` x ``time_factor``; None: it takes as long as it
    takes. When the time is up (and with ``grace`` another ``grace_s`` seconds), ``on_expiry``
    counts. ``due`` is what it would be judged by if it were handed in now.
    """

    item: str
    attempt: str
    number: int
    content_version: int
    possible: str
    deadline: datetime | None = None
    time_limit_s: int | None = None
    time_factor: str = "1"
    on_expiry: OnExpiry = "submit"
    grace_s: int = 0
    due: datetime | None = None
    due_basis: DueBasis = "item"


class AttemptDeadlineMoved(Fact, frozen=True, omit_defaults=True):
    """An attempt under way has until another moment, because the learner's time factor changed."""

    item: str
    attempt: str
    deadline: datetime
    time_factor: str


class WorkSaved(Fact, frozen=True):
    """What an attempt holds so far was kept; ``artifact`` is its SHA-256 in hex."""

    item: str
    attempt: str
    artifact: str


class AttemptExpired(Fact, frozen=True):
    """The time of an attempt was up at ``deadline``. What follows from ``on_expiry`` is recorded
    with it: the submission of what was there, or that the attempt is abandoned."""

    item: str
    attempt: str
    deadline: datetime
    on_expiry: OnExpiry


class AttemptAbandoned(Fact, frozen=True):
    """An attempt ended without anything handed in. It counts as made."""

    item: str
    attempt: str
    basis: Literal["expired", "given-up"]


class GraderFailed(Fact, frozen=True, omit_defaults=True):
    """A grader could not grade an attempt, for no fault of the learner: it uses up no attempt
    unless it is graded after all."""

    item: str
    attempt: str
    grader: str
    grader_version: str | None = None


class ExtensionGranted(Fact, frozen=True, omit_defaults=True):
    """On which terms a learner works at an item, as they now stand in all.

    ``due`` is their own due date; ``no_due``: the item is due at no time; neither: their due date
    is not touched. ``attempts`` are allowed beside the item's, and its time limit is multiplied by
    ``time_factor`` (exact decimal text).
    """

    item: str
    due: datetime | None = None
    no_due: bool = False
    attempts: int = 0
    time_factor: str = "1"
    reason: Personal[str] | None = None


class ExtensionWithdrawn(Fact, frozen=True, omit_defaults=True):
    """The learner's own terms for an item count no more."""

    item: str
    reason: Personal[str] | None = None


class LatenessRedecided(Fact, frozen=True, omit_defaults=True):
    """What was handed in before is judged by the due date that counts now, in the same words as
    ``SubmissionReceived``."""

    item: str
    attempt: str
    due: datetime | None
    late_seconds: int
    due_basis: DueBasis
