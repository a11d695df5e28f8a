"""What becomes of work that was not handed in by its due date?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id
from commands.grading.override_score import streams
from domain.assessment.dates import effective_due
from domain.catalogue.content import Content
from domain.catalogue.rules import require_item, require_run
from domain.catalogue.state import Run
from domain.due import require_due
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import Enrolment
from domain.grading.facts import MissingWorkCleared, MissingWorkScored
from domain.grading.late import missing_item, missing_work

JUST_LATE = timedelta(microseconds=1)
"""The due moment itself is in time."""


class ScoreMissingWork(Command):
    """Take note that work fell due and is not there, where the run's policy scores that."""

    run: Id
    subject: Id
    item: Id | None = Field(default=None, description="Absent: every item that fell due.")


def score_missing_work(
    command: ScoreMissingWork, context: Context, enrolment: Enrolment, run: Run, content: Content
) -> Iterator[MissingWorkScored | MissingWorkCleared]:
    """Yield the score of missing work [Canvas], nothing where there is work, a score or no policy.

    Raises RunUnknown, NotEnrolled; where an item is named ItemUnknown, or NotDue where the
    learner's due date is later.
    """
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    if command.item is None:
        yield from missing_work(run, content, enrolment, context.now)
        return
    item = require_item(content, command.run, command.item)
    said = tuple(missing_item(item, run, content, enrolment, context.now))
    yield from said
    due = effective_due(item, content, run, enrolment).at
    waits = item.item not in enrolment.attempts and run.scores_missing and enrolment.active
    if due is not None and waits and not said:
        require_due(due + JUST_LATE, context.now, f"Item {item.item} may be handed in")


DECISION = Decision(
    name="score-missing-work",
    model=ScoreMissingWork,
    streams=streams,
    decide=score_missing_work,
    example={"run": "AAA-2013J", "subject": "oulad-11391", "item": "1752"},
)
