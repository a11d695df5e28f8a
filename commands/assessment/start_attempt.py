"""How does an attempt begin?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.assessment.redecide_lateness import streams
from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.assessment.facts import AttemptStarted
from domain.assessment.handing_in import begun
from domain.assessment.rules import (
    require_attempt_left,
    require_cooled_down,
    require_none_under_way,
    require_submittable,
)
from domain.assessment.state import find_attempt
from domain.catalogue.content import Content
from domain.catalogue.rules import require_item, require_open, require_run, require_unarchived
from domain.catalogue.state import Run
from domain.engagement.rules import require_unlocked
from domain.enrolment.state import Enrolment
from domain.enrolment.terms import require_access
from domain.integrity.rules import require_honor_code
from domain.kernel import Fact
from domain.wording import moment


class StartAttempt(Command):
    """Begin an attempt at an item. It is pinned to the content as it stands, and its time runs."""

    run: Id
    subject: Id
    item: Id
    attempt: Id = Field(description="Chosen by the client; sent again, it decides nothing.")


def start_attempt(
    command: StartAttempt, context: Context, enrolment: Enrolment, run: Run, content: Content
) -> Iterator[AttemptStarted]:
    """Yield the beginning; nothing where the attempt is known.

    Raises RunUnknown, NotEnrolled, AccessHasExpired, RunIsArchived, HonorCodeNotAccepted,
    ItemUnknown, ItemNotSubmittable, ItemNotOpen, ModuleLocked, AttemptUnderWay, AttemptsExhausted
    or CoolingDown.
    """
    require_run(run, command.run)
    if find_attempt(enrolment.attempts, command.item, command.attempt) is not None:
        return
    require_access(enrolment, command.run, command.subject)
    require_unarchived(run, command.run)
    require_honor_code(run, enrolment, command.run, command.subject)
    item = require_item(content, command.run, command.item)
    require_submittable(item)
    require_open(item, context.now)
    require_unlocked(item, content, enrolment)
    require_none_under_way(item, enrolment.attempts)
    number = require_attempt_left(item, enrolment.attempts, enrolment.extensions)
    require_cooled_down(item, enrolment.attempts, context.now)
    yield begun(item, command.attempt, number, context.now, enrolment, run, content)


def answer(facts: tuple[Fact, ...]) -> dict[str, Any]:
    """Return what the caller needs to know of what was recorded."""
    (fact,) = (fact for fact in facts if isinstance(fact, AttemptStarted))
    return {
        "number": fact.number,
        "content_version": fact.content_version,
        "deadline": moment(fact.deadline),
    }


DECISION = Decision(
    name="start-attempt",
    model=StartAttempt,
    streams=streams,
    decide=start_attempt,
    example={"run": "AAA-2013J", "subject": "oulad-11391", "item": "exam", "attempt": "1"},
    answer=answer,
)
