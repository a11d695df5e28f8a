"""How do two records of one person become one?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from pydantic import Field, model_validator

from commands.decision import Command, Context, Decision, Elsewhere
from commands.fields import Contradiction, Id, Reason
from domain.kernel import Personal, StreamRef
from domain.learners.facts import LearnersMerged
from domain.learners.rules import require_registered, require_unmerged
from domain.learners.state import LEARNER, Learner
from domain.privacy.rules import require_not_asked_for
from domain.privacy.state import ERASURE, Erasure


class MergeLearners(Command):
    """Say that two records are of one person. Both histories stay; the first one from now on points
    to the other."""

    subject: Id = Field(description="The record that is merged away.")
    into: Id = Field(description="The one that stays; it is registered.")
    reason: Reason = Field(description="How that was found. Kept encrypted.")

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.subject == self.into:
            raise Contradiction("into", "names the same record as subject")
        return self


def streams(command: MergeLearners, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name both learners, and the erasure of the one that stays."""
    return (
        LEARNER.of(tenant, command.subject, subject=command.subject),
        LEARNER.of(tenant, command.into, subject=command.into),
        ERASURE.of(tenant, command.into, subject=command.into),
    )


def merge_learners(
    command: MergeLearners, context: Context, away: Learner, into: Learner, erasure: Erasure
) -> Iterator[LearnersMerged | Elsewhere]:
    """Yield the merger, nothing where it stands. Raises LearnerIsMerged, LearnerUnknown or
    ErasureAskedFor.

    That the record which stays is not itself merged away keeps the pointers from going in a circle.
    """
    if away.merged_into == command.into:
        return
    require_unmerged(away, command.subject)
    require_registered(into, command.into)
    require_not_asked_for(erasure, command.into)
    of, there = (command.subject, command.into, away.others), context.principal.tenant
    yield LearnersMerged("away", *of, reason=Personal(value=command.reason))
    other = LEARNER.of(there, command.into, subject=command.into)
    yield Elsewhere(other, LearnersMerged("into", *of))


DECISION = Decision(
    name="merge-learners",
    model=MergeLearners,
    streams=streams,
    decide=merge_learners,
    example={
        "subject": "oulad-11391",
        "into": "oulad-28400",
        "reason": "Registered twice: the same student number on both cards.",
    },
)
