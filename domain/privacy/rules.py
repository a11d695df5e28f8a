"""What may not be done with a learner's personal data?"""

from __future__ import annotations

from domain.kernel import Refusal


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
