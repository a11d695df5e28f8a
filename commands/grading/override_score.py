"""How does a person say what an item is worth?"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Amount, Id, Reason, text
from domain.assessment.rules import require_submittable
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.rules import require_item, require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.grading.counting import Score
from domain.grading.facts import ScoreOverridden
from domain.grading.rules import require_score
from domain.kernel import Personal, StreamRef


class OverrideScore(Command):
    """Say what an item is worth for a learner, whatever was computed; no penalty touches it."""

    run: Id
    subject: Id
    item: Id
    score: Amount = Field(description="The score that counts from now on.")
    possible: Amount | None = Field(
        default=None, description="The highest score there could be; absent: the item's."
    )
    reason: Reason = Field(description="Kept encrypted.")


def streams(command: Any, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment, the run and its content."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
        RUN_CONTENT.of(tenant, command.run),
    )


def override_score(
    command: OverrideScore, _context: Context, enrolment: Enrolment, run: Run, content: Content
) -> Iterator[ScoreOverridden]:
    """Yield the override with what counted before, nothing where it stands so already.

    A learner who has left can still be put right. Raises RunUnknown, NotEnrolled, ItemUnknown,
    ItemNotSubmittable or ScoreOutOfRange.
    """
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    item = require_item(content, command.run, command.item)
    require_submittable(item)
    possible = item.possible if command.possible is None else text(command.possible)
    new = Score(text(command.score), possible)
    standing = enrolment.results.overridden.get(command.item)
    if standing is not None and standing.equals(new):
        return
    require_score(command.item, command.score, Decimal(possible))
    old = enrolment.results.counted_of(command.item)
    yield ScoreOverridden(
        item=command.item,
        new=new.raw,
        possible=new.possible,
        old=None if old is None else old.score.raw,
        old_possible=None if old is None else old.score.possible,
        reason=Personal(value=command.reason),
    )


DECISION = Decision(
    name="override-score",
    model=OverrideScore,
    streams=streams,
    decide=override_score,
    unconditioned=frozenset({"run", "run-content"}),
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "item": "1752",
        "score": "81",
        "reason": "Page 3 had not been read.",
    },
)
