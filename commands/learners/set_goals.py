"""How does a learner say what they want to reach?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Reason
from domain.kernel import Personal, StreamRef
from domain.learners.facts import Goal, GoalsSet
from domain.learners.rules import require_registered
from domain.learners.state import LEARNER, Learner

GOALS_MAX = 20


class GoalBody(BaseModel):
    """Something that the learner wants to reach."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Reason
    by: date | None = None


class SetGoals(Command):
    """Say what a learner wants to reach: all of it, in the order that matters to them."""

    subject: Id
    goals: Annotated[tuple[GoalBody, ...], Field(max_length=GOALS_MAX)] = Field(
        description="Kept encrypted."
    )


def streams(command: SetGoals, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the learner."""
    return (LEARNER.of(tenant, command.subject, subject=command.subject),)


def set_goals(command: SetGoals, context: Context, learner: Learner) -> Iterator[GoalsSet]:
    """Yield them, nothing where they are so already. Raises LearnerIsMerged or LearnerUnknown."""
    require_registered(learner, command.subject)
    goals = tuple(Goal(body.text, body.by) for body in command.goals)
    mark = context.mark(msgspec.to_builtins(goals))
    if mark != learner.goals and (goals or learner.goals is not None):
        yield GoalsSet(Personal(value=goals, mark=mark))


DECISION = Decision(
    name="set-goals",
    model=SetGoals,
    streams=streams,
    decide=set_goals,
    example={
        "subject": "oulad-11391",
        "goals": [{"text": "Pass AAA with distinction", "by": "2014-06-25"}],
    },
    marks=True,
)
