"""What must decisions know of a learner's attempts in a run?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from domain.assessment.facts import ExtensionGranted, LatenessRedecided, SubmissionReceived


class Attempt(NamedTuple):
    """An attempt that was handed in, and the highest score of the content it is pinned to.

    ``due`` and ``late_seconds`` are how it is judged now.
    """

    attempt: str
    possible: str
    submitted_at: datetime
    due: datetime | None = None
    late_seconds: int = 0


Attempts = Mapping[str, tuple[Attempt, ...]]
"""The attempts made, by item, in the order in which they came."""

Extensions = Mapping[str, ExtensionGranted]
"""The learner's own terms by item."""


def with_submission(attempts: Attempts, fact: SubmissionReceived, at: datetime) -> Attempts:
    """Take a submission in."""
    made = attempts.get(fact.item, ())
    one = Attempt(fact.attempt, fact.possible, at, fact.due, fact.late_seconds)
    return {**attempts, fact.item: (*made, one)}


def with_lateness(attempts: Attempts, fact: LatenessRedecided) -> Attempts:
    """Take in how an attempt is judged now; one that is not known stays so."""
    judged = tuple(
        made._replace(due=fact.due, late_seconds=fact.late_seconds)
        if made.attempt == fact.attempt
        else made
        for made in attempts.get(fact.item, ())
    )
    return {**attempts, fact.item: judged} if judged else attempts


def find_attempt(attempts: Attempts, item: str, attempt: str) -> Attempt | None:
    """Return the attempt with this id, or None."""
    for made in attempts.get(item, ()):
        if made.attempt == attempt:
            return made
    return None
