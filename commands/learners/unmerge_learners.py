"""How are two records taken apart that were merged by mistake?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from pydantic import Field, model_validator

from commands.decision import Command, Context, Decision, Elsewhere
from commands.fields import Contradiction, Id, Reason
from domain.kernel import Personal, StreamRef
from domain.learners.facts import LearnersUnmerged
from domain.learners.rules import NotMerged, require_unmerged
from domain.learners.state import LEARNER, Learner


class UnmergeLearners(Command):
    """Take back a merger: the records are of two people after all."""

    subject: Id = Field(description="The record that was merged away.")
    into: Id = Field(description="The one that it was merged into.")
    reason: Reason = Field(description="How the mistake was found. Kept encrypted.")

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.subject == self.into:
            raise Contradiction("into", "names the same record as subject")
        return self


def streams(command: UnmergeLearners, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name both learners."""
    return (
        LEARNER.of(tenant, command.subject, subject=command.subject),
        LEARNER.of(tenant, command.into, subject=command.into),
    )


def unmerge_learners(
    command: UnmergeLearners, context: Context, away: Learner, into: Learner
) -> Iterator[LearnersUnmerged | Elsewhere]:
    """Yield that they are two, nothing where the record stands by itself.

    Raises NotMerged where it points to another one, or the record that it points to has itself been
    merged away since, LearnerIsMerged.
    """
    if away.merged_into is None:
        return
    if away.merged_into != command.into:
        raise NotMerged(
            f"The record of {command.subject} is not merged into {command.into}.",
            subject=command.subject,
            into=command.into,
            merged_into=away.merged_into,
        )
    require_unmerged(into, command.into)
    carried = into.merged.get(command.subject, ())
    of, there = (command.subject, command.into, carried), context.principal.tenant
    yield LearnersUnmerged("away", *of, reason=Personal(value=command.reason))
    other = LEARNER.of(there, command.into, subject=command.into)
    yield Elsewhere(other, LearnersUnmerged("into", *of))


DECISION = Decision(
    name="unmerge-learners",
    model=UnmergeLearners,
    streams=streams,
    decide=unmerge_learners,
    example={
        "subject": "oulad-11391",
        "into": "oulad-28400",
        "reason": "Two people of one name, born on one day.",
    },
)
