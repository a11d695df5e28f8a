"""How does a profile change?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from commands.decision import Context, Decision
from commands.fields import Contradiction, Id
from commands.learners.fields import ProfileBody, as_fields, told
from domain.access.deciding import may
from domain.access.permissions import Permission
from domain.kernel import StreamRef
from domain.learners.facts import PLAIN, SEALED, ProfileChanged, ProfileField
from domain.learners.rules import KEPT, NotOwnToChange, require_registered
from domain.learners.state import LEARNER, Learner


class ChangeProfile(ProfileBody):
    """Change what is named of a profile; what is not stays as it is."""

    subject: Id
    clear: Annotated[tuple[ProfileField, ...], Field(max_length=6)] = Field(
        default=(), description="Fields that are to hold nothing any more."
    )
    correction: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="true: it had been wrong, not only become so."
    )

    @model_validator(mode="after")
    def _either_told_or_cleared(self) -> Self:
        for name in self.clear:
            if getattr(self, name) is not None:
                raise Contradiction("clear", f"names {name}, which is told as well")
        return self


def streams(command: ChangeProfile, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the learner."""
    return (LEARNER.of(tenant, command.subject, subject=command.subject),)


def change_profile(
    command: ChangeProfile, context: Context, learner: Learner
) -> Iterator[ProfileChanged]:
    """Yield what is different, nothing where all is so already.

    Raises LearnerIsMerged, LearnerUnknown or NotOwnToChange.
    """
    require_registered(learner, command.subject)
    marks = told(command, context)
    touched = [name for name in KEPT if name in marks or name in command.clear]
    if touched and not may(context.principal, Permission.MANAGE_PEOPLE):
        raise NotOwnToChange(
            f"The {touched[0].replace('_', ' ')} of {command.subject} is changed by the "
            f"institution.",
            subject=command.subject,
            fields=touched,
        )
    changed = {name: mark for name, mark in marks.items() if learner.profile.get(name) != mark}
    cleared = tuple(
        name for name in (*SEALED, *PLAIN) if name in command.clear and name in learner.profile
    )
    if changed or cleared:
        yield ProfileChanged(
            **as_fields(command, changed), cleared=cleared, correction=command.correction
        )


DECISION = Decision(
    name="change-profile",
    model=ChangeProfile,
    streams=streams,
    decide=change_profile,
    example={"subject": "oulad-11391", "email": "ada@example.com", "clear": ["address"]},
    marks=True,
)
