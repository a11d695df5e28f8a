"""Who can be registered, changed and merged, and why not?"""

from __future__ import annotations

from domain.kernel import Refusal
from domain.learners.facts import ProfileField
from domain.learners.state import Learner


class LearnerIsRegistered(Refusal):
    """A person is registered once under a pseudonym. The same registration sent again changes
    nothing; what has become different is told with `change-profile`."""

    rule = "learner-registered"
    title = "The learner is registered already"


class LearnerUnknown(Refusal):
    """What is told of a person needs that the person is registered under this pseudonym. Facts of
    enrolments need not: they may come from elsewhere, before or without it."""

    rule = "learner-unknown"
    title = "No learner is registered under this pseudonym"


class LearnerIsMerged(Refusal):
    """The record was merged into another one of the same person, which `merged_into` names. Send it
    for that one. The facts that stand here stay, and enrolments that began here go on here."""

    rule = "learner-merged"
    title = "The record was merged into another one"


class NotMerged(Refusal):
    """Only records that were merged into this very one can be taken apart from it."""

    rule = "learners-not-merged"
    title = "The records are not merged"


KEPT: tuple[ProfileField, ...] = ("name", "student_number")
"""What a degree is made out to: the institution changes it, having seen why."""


class NotOwnToChange(Refusal):
    """Learners keep their own addresses, language, preferences and goals. Their name and student
    number are what certificates are made out to: the institution changes those, on request."""

    rule = "profile-not-own-to-change"
    title = "The institution changes this part of a profile"


def require_unmerged(learner: Learner, subject: str) -> None:
    """Raise LearnerIsMerged where the record points to another one."""
    if learner.merged_into is not None:
        raise LearnerIsMerged(
            f"The record of {subject} was merged into {learner.merged_into}.",
            subject=subject,
            merged_into=learner.merged_into,
        )


def require_registered(learner: Learner, subject: str) -> None:
    """Raise LearnerIsMerged or LearnerUnknown."""
    require_unmerged(learner, subject)
    if not learner.registered:
        raise LearnerUnknown(f"No learner is registered as {subject}.", subject=subject)
