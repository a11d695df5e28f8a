"""How does a learner say what they want to hear of?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, ModeName
from domain.kernel import StreamRef
from domain.learners.facts import PreferencesSet
from domain.learners.rules import require_registered
from domain.learners.state import LEARNER, Learner

NOTICES_MAX = 50


class SetPreferences(Command):
    """Say which kinds of notice a learner wants: all of them, what is left out is not wanted."""

    subject: Id
    notices: Annotated[tuple[ModeName, ...], Field(max_length=NOTICES_MAX)] = Field(
        description="`grades`, `deadlines`, `certificates` …: whoever sends notices names them."
    )


def streams(command: SetPreferences, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the learner."""
    return (LEARNER.of(tenant, command.subject, subject=command.subject),)


def set_preferences(
    command: SetPreferences, _context: Context, learner: Learner
) -> Iterator[PreferencesSet]:
    """Yield them, nothing where they are so already. Raises LearnerIsMerged or LearnerUnknown."""
    require_registered(learner, command.subject)
    notices = tuple(sorted(set(command.notices)))
    if notices != learner.notices:
        yield PreferencesSet(notices)


DECISION = Decision(
    name="set-preferences",
    model=SetPreferences,
    streams=streams,
    decide=set_preferences,
    example={"subject": "oulad-11391", "notices": ["deadlines", "grades"]},
)
