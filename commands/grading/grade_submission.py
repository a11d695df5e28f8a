"""How is an attempt scored?"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Amount, Id, Title, text
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.grading.counting import Score
from domain.grading.facts import LatePenaltyApplied, SubmissionGraded
from domain.grading.late import penalties
from domain.grading.regrade import REGRADE, Regrade, raises, require_regrade
from domain.grading.rules import require_score, require_submitted
from domain.grading.state import with_result
from domain.kernel import StreamRef


class GradeSubmission(Command):
    """Score an attempt. Another score for it is a regrade, and counts from then on."""

    run: Id
    subject: Id
    item: Id
    attempt: Id
    raw: Amount = Field(description="The score: an exact decimal, as a number or a text.")
    possible: Amount | None = Field(
        default=None, description="The highest score on the grader's scale; absent: the item's."
    )
    grader: Id = Field(description="Who or what graded: a pseudonym, or the name of a program.")
    grader_version: Title | None = None
    regrade: Id | None = Field(
        default=None, description="The batch of regrades that this is part of."
    )


def streams(command: GradeSubmission, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment and the run."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
    )


def batch_of(command: Any, tenant: str, *_states: Any) -> tuple[StreamRef[Any], ...]:
    """Name the batch of regrades that a command is part of, if it is."""
    if command.regrade is None:
        return ()
    return (REGRADE.of(tenant, command.run, command.regrade),)


def grade_submission(
    command: GradeSubmission,
    _context: Context,
    enrolment: Enrolment,
    run: Run,
    regrade: Regrade | None = None,
) -> Iterator[SubmissionGraded | LatePenaltyApplied]:
    """Yield the score and what being late costs, nothing where the attempt has this score already.

    A learner who has left can still be graded. In a batch of regrades that is only to raise scores,
    one that is not higher is nothing [Open edX]. Raises RunUnknown, NotEnrolled, RegradeUnknown,
    RegradeIsCompleted, AttemptUnknown or ScoreOutOfRange.
    """
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    only_if_higher = False
    if command.regrade is not None and regrade is not None:
        only_if_higher = require_regrade(regrade, command.run, command.regrade).only_if_higher
    attempt = require_submitted(
        enrolment.attempts, command.run, command.subject, command.item, command.attempt
    )
    possible = Decimal(attempt.possible) if command.possible is None else command.possible
    require_score(command.item, command.raw, possible)
    score = Score(
        text(command.raw),
        attempt.possible if command.possible is None else text(command.possible),
    )
    known = enrolment.results.graded.get((command.item, command.attempt))
    if known is not None:
        old = Score(known.raw, known.possible)
        if old.equals(score) or (only_if_higher and not raises(old, score)):
            return
    graded = SubmissionGraded(
        item=command.item,
        attempt=command.attempt,
        raw=score.raw,
        possible=score.possible,
        grader=command.grader,
        grader_version=command.grader_version,
        regrade=command.regrade,
    )
    yield graded
    yield from penalties(run, with_result(enrolment.results, graded), command.item, attempt)


DECISION = Decision(
    name="grade-submission",
    model=GradeSubmission,
    streams=streams,
    decide=grade_submission,
    unconditioned=frozenset({"run"}),
    more=batch_of,
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "item": "1752",
        "attempt": "1",
        "raw": "78",
        "grader": "tutor-17",
    },
)
