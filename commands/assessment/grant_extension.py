"""How does a learner get more time, or more attempts, than the others?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from commands.assessment.redecide_lateness import streams, with_consequences
from commands.decision import Command, Context, Decision
from commands.fields import Contradiction, Exact, Id, Moment, Text, text
from domain.assessment.facts import ExtensionGranted, LatenessRedecided
from domain.assessment.rules import require_due_after_release, require_submittable
from domain.catalogue.content import Content
from domain.catalogue.rules import require_item, require_run
from domain.catalogue.state import Run
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import Enrolment, EnrolmentFact
from domain.kernel import Fact, Personal

ATTEMPTS_EXTRA_MAX = 100


class GrantExtension(Command):
    """Give a learner own terms for an item. What is left out stays as it was granted before."""

    run: Id
    subject: Id
    item: Id
    due: Moment | None = Field(default=None, description="Their own last moment in time.")
    no_due: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="true: the item is due at no time for them."
    )
    attempts: Annotated[int, Field(strict=True, ge=0, le=ATTEMPTS_EXTRA_MAX)] | None = Field(
        default=None, description="How many attempts they have beside the item's."
    )
    time_factor: Annotated[Exact, Field(ge=1, le=10, decimal_places=3)] | None = Field(
        default=None, description="The item's time limit is multiplied by it."
    )
    reason: Annotated[Text, Field(min_length=1)] = Field(description="Kept encrypted.")

    @model_validator(mode="after")
    def _grants_something(self) -> Self:
        if self.due is not None and self.no_due:
            raise Contradiction("no_due", "contradicts due")
        granted = (self.due, self.no_due or None, self.attempts, self.time_factor)
        if all(one is None for one in granted):
            raise ValueError("name at least one of due, no_due, attempts and time_factor")
        return self


def grant_extension(
    command: GrantExtension, context: Context, enrolment: Enrolment, run: Run, content: Content
) -> Iterator[EnrolmentFact]:
    """Yield the learner's terms in all, and how what they handed in is judged by them, as
    new facts [Canvas-like systems leave stale penalties].

    A learner who has left, and an archived run, can still be put right. Raises RunUnknown,
    NotEnrolled, ItemUnknown, ItemNotSubmittable or ReleaseAfterDue.
    """
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    item = require_item(content, command.run, command.item)
    require_submittable(item)
    require_due_after_release(item, command.due)
    before = enrolment.extensions.get(command.item) or ExtensionGranted(command.item)
    moves = command.due is not None or command.no_due
    granted = ExtensionGranted(
        item=command.item,
        due=command.due if moves else before.due,
        no_due=command.no_due if moves else before.no_due,
        attempts=before.attempts if command.attempts is None else command.attempts,
        time_factor=before.time_factor
        if command.time_factor is None
        else text(command.time_factor.normalize()),
        reason=before.reason,
    )
    if granted == before:
        return
    fact = ExtensionGranted(
        granted.item,
        granted.due,
        granted.no_due,
        granted.attempts,
        granted.time_factor,
        Personal(value=command.reason),
    )
    yield from with_consequences(fact, context.now, enrolment, run, content)


def answer(facts: tuple[Fact, ...]) -> dict[str, Any]:
    """Say how many attempts are judged otherwise now."""
    return {"redecided": sum(isinstance(fact, LatenessRedecided) for fact in facts)}


DECISION = Decision(
    name="grant-extension",
    model=GrantExtension,
    streams=streams,
    decide=grant_extension,
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "item": "1752",
        "due": "2013-10-27T23:59:59.999999Z",
        "time_factor": "1.5",
        "reason": "Ill from 14 to 20 October.",
    },
    answer=answer,
)
