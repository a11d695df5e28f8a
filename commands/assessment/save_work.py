"""How is kept what an attempt holds so far?"""

from __future__ import annotations

from collections.abc import Iterator

from commands.assessment.redecide_lateness import streams
from commands.assessment.submit_work import Sha256
from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.assessment.facts import WorkSaved
from domain.assessment.rules import require_time_left
from domain.catalogue.content import Content
from domain.catalogue.rules import require_run, require_unarchived
from domain.catalogue.state import Run
from domain.enrolment.state import Enrolment
from domain.enrolment.terms import require_access
from domain.grading.rules import require_attempt


class SaveWork(Command):
    """Keep the work of an attempt under way: it is handed in if its time runs out so."""

    run: Id
    subject: Id
    item: Id
    attempt: Id
    artifact: Sha256


def save_work(
    command: SaveWork, context: Context, enrolment: Enrolment, run: Run, _content: Content
) -> Iterator[WorkSaved]:
    """Yield what is kept, nothing where it is kept already, or the attempt was handed in.

    Raises RunUnknown, AttemptUnknown, NotEnrolled, AccessHasExpired, RunIsArchived or AttemptOver.
    """
    require_run(run, command.run)
    made = require_attempt(
        enrolment.attempts, command.run, command.subject, command.item, command.attempt
    )
    if made.submitted_at is not None or made.saved == command.artifact:
        return
    require_access(enrolment, command.run, command.subject)
    require_unarchived(run, command.run)
    require_time_left(command.item, made, context.now)
    yield WorkSaved(command.item, command.attempt, command.artifact)


DECISION = Decision(
    name="save-work",
    model=SaveWork,
    streams=streams,
    decide=save_work,
    unconditioned=frozenset({"run", "run-content"}),
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "item": "exam",
        "attempt": "1",
        "artifact": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    },
)
