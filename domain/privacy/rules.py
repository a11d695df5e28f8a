"""What may not be done with a learner's personal data?"""

from __future__ import annotations

from domain.kernel import Refusal
from domain.privacy.state import Erasure


class SubjectErased(Refusal):
    """The learner was erased: their key was destroyed, so nothing personal can be recorded of them
    any more. Facts without personal fields can."""

    rule = "subject-erased"
    title = "The learner was erased"

    def __init__(self, subject: str) -> None:
        super().__init__(
            f"Learner {subject} was erased; nothing personal can be recorded of them.",
            subject=subject,
        )


class NothingKnown(Refusal):
    """Nothing is recorded of anybody under this pseudonym, nobody has signed in under it, and there
    is no key for it: there is nothing to erase. Look for a slip in it."""

    rule = "nothing-known"
    title = "Nothing is known under this pseudonym"

    def __init__(self, subject: str) -> None:
        super().__init__(f"Nothing is known of anybody called {subject}.", subject=subject)


class ErasureUnderWay(Refusal):
    """The learner's erasure has begun: their key may be destroyed already, so no hold can keep it
    any more."""

    rule = "erasure-under-way"
    title = "The learner's erasure has begun"

    def __init__(self, subject: str) -> None:
        super().__init__(f"The erasure of learner {subject} has begun.", subject=subject)


class ErasureAskedFor(Refusal):
    """The erasure of this record was asked for, with those that were merged into it by then: one
    that is merged into it now would be left behind. Merge it the other way round, or not at all."""

    rule = "erasure-asked-for"
    title = "The record is to be erased, or was"

    def __init__(self, subject: str) -> None:
        super().__init__(f"The erasure of learner {subject} was asked for.", subject=subject)


class HoldUnknown(Refusal):
    """There is no such legal hold on this learner. Look for a slip in its id."""

    rule = "hold-unknown"
    title = "There is no such legal hold"

    def __init__(self, subject: str, hold: str) -> None:
        super().__init__(f"No hold {hold} stands on learner {subject}.", subject=subject, hold=hold)


def require_not_asked_for(erasure: Erasure, subject: str) -> None:
    """Raise ErasureAskedFor where nothing more can be merged into a record."""
    if erasure.ground is not None:
        raise ErasureAskedFor(subject)


def require_not_begun(erasure: Erasure, subject: str) -> None:
    """Raise ErasureUnderWay where a hold would come too late."""
    if erasure.begun:
        raise ErasureUnderWay(subject)
