"""How is it said that something recorded is wrong, where it stays and is right beside it?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from commands.decision import Command, Context, Decision
from commands.fields import Contradiction, Id, Position, Reason
from domain.kernel import Personal, StreamRef
from domain.learners.facts import RecordCorrected
from domain.learners.state import LEARNER, Learner


class CorrectRecord(Command):
    """Say that a fact about a learner is wrong, and what is right. The fact stays, and whoever
    looks at it is led here. Where a value follows from it, the command that changes the value is
    sent first (a score overridden, a profile changed, a certificate reissued); name its fact as
    `right`."""

    subject: Id
    position: Position = Field(ge=1, description="Where the wrong fact stands in the log.")
    fact: UUID = Field(description="Its id, so that a slip in the position is seen.")
    right: UUID | None = Field(
        default=None, description="The id of the fact that holds what is right, if there is one."
    )
    statement: Reason = Field(description="What is wrong, and what is right. Kept encrypted.")

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.right == self.fact:
            raise Contradiction("right", "names the very fact that is wrong")
        return self


def streams(command: CorrectRecord, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the learner."""
    return (LEARNER.of(tenant, command.subject, subject=command.subject),)


def correct_record(
    command: CorrectRecord, context: Context, learner: Learner
) -> Iterator[RecordCorrected]:
    """Yield the correction, nothing where the same is said of the fact already."""
    mark = context.mark(f"{command.fact}/{command.right}/{command.statement}")
    if learner.corrections.get(str(command.fact)) != mark:
        yield RecordCorrected(
            command.position,
            str(command.fact),
            Personal(value=command.statement, mark=mark),
            None if command.right is None else str(command.right),
        )


DECISION = Decision(
    name="correct-record",
    model=CorrectRecord,
    streams=streams,
    decide=correct_record,
    example={
        "subject": "oulad-11391",
        "position": 812,
        "fact": "8d3f0a52-8b1c-8f0e-a6d2-4f1b2c3d4e5f",
        "statement": "Handed in on 18 October, not on the 20th: the upload was ours to keep up.",
    },
    marks=True,
)
