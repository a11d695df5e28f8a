"""What must decisions know of a learner's attempts in a run?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never

import msgspec

from domain.assessment.facts import (
    AttemptAbandoned,
    AttemptDeadlineMoved,
    AttemptExpired,
    AttemptStarted,
    ExtensionGranted,
    GraderFailed,
    LatenessRedecided,
    SubmissionReceived,
    WorkSaved,
)
from domain.grading.facts import SubmissionGraded

AttemptFact = (
    SubmissionReceived
    | AttemptStarted
    | WorkSaved
    | AttemptDeadlineMoved
    | AttemptExpired
    | AttemptAbandoned
    | LatenessRedecided
    | GraderFailed
)


class Attempt(msgspec.Struct, frozen=True):
    """An attempt, under way until it is ``submitted_at`` or ``abandoned``.

    ``possible`` is the highest score of the content version that it is pinned to. ``due`` and
    ``late_seconds`` are how it is judged now. ``started`` is None where it was handed in without
    being begun; ``deadline`` is what counts for it now. ``saved`` is the artifact kept last.
    ``failed``: its grader failed.
    """

    attempt: str
    possible: str
    submitted_at: datetime | None = None
    due: datetime | None = None
    late_seconds: int = 0
    started: AttemptStarted | None = None
    started_at: datetime | None = None
    deadline: datetime | None = None
    saved: str | None = None
    abandoned: bool = False
    failed: bool = False

    @property
    def under_way(self) -> bool:
        """Whether it can still be handed in, as far as its time goes."""
        return self.submitted_at is None and not self.abandoned


Attempts = Mapping[str, tuple[Attempt, ...]]
"""The attempts made, by item, in the order in which they came."""

Extensions = Mapping[str, ExtensionGranted]
"""The learner's own terms by item."""


def with_attempt(attempts: Attempts, fact: AttemptFact, at: datetime) -> Attempts:
    """Take one fact of an attempt in. Never refuses; about one that is not known only what begins
    an attempt says something."""
    replace = msgspec.structs.replace
    known = find_attempt(attempts, fact.item, fact.attempt)
    match fact:
        case SubmissionReceived(possible=possible, due=due, late_seconds=late):
            old = known or Attempt(fact.attempt, possible)
            if old.started is not None and old.started.on_expiry == "submit":
                at = min(at, old.deadline or at)  # its time was up, whenever that was noticed
            handed_in = replace(old, possible=possible, submitted_at=at, due=due, late_seconds=late)
            return _with(attempts, fact.item, handed_in)
        case AttemptStarted(possible=possible, deadline=deadline):
            begun = Attempt(fact.attempt, possible, started=fact, started_at=at, deadline=deadline)
            return attempts if known is not None else _with(attempts, fact.item, begun)
    if known is None:
        return attempts
    match fact:
        case WorkSaved(artifact=artifact):
            now = replace(known, saved=artifact)
        case AttemptDeadlineMoved(deadline=deadline):
            now = replace(known, deadline=deadline)
        case AttemptExpired():
            return attempts  # what follows from it stands beside it
        case AttemptAbandoned():
            now = replace(known, abandoned=True)
        case LatenessRedecided():
            return with_lateness(attempts, fact)
        case GraderFailed():
            now = replace(known, failed=True)
        case _:
            assert_never(fact)
    return _with(attempts, fact.item, now)


def with_lateness(attempts: Attempts, fact: LatenessRedecided) -> Attempts:
    """Take in how an attempt is judged now; one that is not known stays so."""
    known = find_attempt(attempts, fact.item, fact.attempt)
    if known is None:
        return attempts
    judged = msgspec.structs.replace(known, due=fact.due, late_seconds=fact.late_seconds)
    return _with(attempts, fact.item, judged)


def with_grade(attempts: Attempts, fact: SubmissionGraded) -> Attempts:
    """Take in that an attempt was graded: a grader that failed before has done so after all."""
    known = find_attempt(attempts, fact.item, fact.attempt)
    if known is None or not known.failed:
        return attempts
    return _with(attempts, fact.item, msgspec.structs.replace(known, failed=False))


def find_attempt(attempts: Attempts, item: str, attempt: str) -> Attempt | None:
    """Return the attempt with this id, begun or handed in, or None."""
    for made in attempts.get(item, ()):
        if made.attempt == attempt:
            return made
    return None


def _with(attempts: Attempts, item: str, one: Attempt) -> Attempts:
    made = attempts.get(item, ())
    if any(old.attempt == one.attempt for old in made):
        now = tuple(one if old.attempt == one.attempt else old for old in made)
    else:
        now = (*made, one)
    return {**attempts, item: now}
