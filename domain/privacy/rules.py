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


class ErasureUnderWay(Refusal):
    """The learner's erasure has begun: their key may be destroyed already, so no hold can keep it
    any more."""

    rule = "erasure-under-way"
    title = "The learner's erasure has begun"

    def __init__(self, subject: str) -> None:
        super().__init__(f"The erasure of learner {subject} has begun.", subject=subject)


class HoldUnknown(Refusal):
    """There is no such legal hold on this learner. Look for a slip in its id."""

    rule = "hold-unknown"
    title = "There is no such legal hold"

    def __init__(self, subject: str, hold: str) -> None:
        super().__init__(f"No hold {hold} stands on learner {subject}.", subject=subject, hold=hold)


def require_not_begun(erasure: Erasure, subject: str) -> None:
    """Raise ErasureUnderWay where a hold would come too late."""
    if erasure.begun:
        raise ErasureUnderWay(subject)
