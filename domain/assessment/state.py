"""What must decisions know of a learner's attempts in a run?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from domain.assessment.facts import SubmissionReceived


class Attempt(NamedTuple):
    """An attempt that was handed in, and the highest score of the content it is pinned to."""

    attempt: str
    possible: str


Attempts = Mapping[str, tuple[Attempt, ...]]
"""The attempts made, by item, in the order in which they came."""


def with_submission(attempts: Attempts, fact: SubmissionReceived) -> Attempts:
    """Take a submission in."""
    made = attempts.get(fact.item, ())
    return {**attempts, fact.item: (*made, Attempt(fact.attempt, fact.possible))}


def find_attempt(attempts: Attempts, item: str, attempt: str) -> Attempt | None:
    """Return the attempt with this id, or None."""
    for made in attempts.get(item, ()):
        if made.attempt == attempt:
            return made
    return None
