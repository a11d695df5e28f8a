"""How does a learner come back under the terms of all?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from commands.assessment.grant_extension import answer
from commands.assessment.redecide_lateness import streams, with_consequences
from commands.decision import Command, Context, Decision
from commands.fields import Id, Text
from domain.assessment.facts import ExtensionWithdrawn
from domain.catalogue.content import Content
from domain.catalogue.rules import require_run
from domain.catalogue.state import Run
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import Enrolment, EnrolmentFact
from domain.kernel import Personal


class WithdrawExtension(Command):
    """Take back a learner's own terms for an item."""

    run: Id
    subject: Id
    item: Id
    reason: Annotated[Text, Field(min_length=1)] = Field(description="Kept encrypted.")


def withdraw_extension(
    command: WithdrawExtension, context: Context, enrolment: Enrolment, run: Run, content: Content
) -> Iterator[EnrolmentFact]:
    """Yield it, and how what they handed in is judged without; nothing where there are none.

    Raises RunUnknown or NotEnrolled.
    """
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    if command.item not in enrolment.extensions:
        return
    fact = ExtensionWithdrawn(command.item, Personal(value=command.reason))
    yield from with_consequences(fact, context.now, enrolment, run, content)


DECISION = Decision(
    name="withdraw-extension",
    model=WithdrawExtension,
    streams=streams,
    decide=withdraw_extension,
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "item": "1752",
        "reason": "Granted to the wrong learner.",
    },
    answer=answer,
)
