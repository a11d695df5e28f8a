"""How is it said that a grader could not grade an attempt?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from commands.decision import Command, Context, Decision
from commands.fields import Id, Title
from domain.assessment.facts import GraderFailed
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.grading.rules import require_submitted
from domain.kernel import StreamRef


class ReportGraderFailure(Command):
    """Say that a grader failed on an attempt, for no fault of the learner."""

    run: Id
    subject: Id
    item: Id
    attempt: Id
    grader: Id
    grader_version: Title | None = None


def streams(command: ReportGraderFailure, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment and the run."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
    )


def report_grader_failure(
    command: ReportGraderFailure, _context: Context, enrolment: Enrolment, run: Run
) -> Iterator[GraderFailed]:
    """Yield the failure: the attempt is not used up by it [Open edX].

    Nothing where it is known, or the attempt is graded. Raises RunUnknown or AttemptUnknown.
    """
    require_run(run, command.run)
    made = require_submitted(
        enrolment.attempts, command.run, command.subject, command.item, command.attempt
    )
    if made.failed or (command.item, command.attempt) in enrolment.results.graded:
        return
    yield GraderFailed(command.item, command.attempt, command.grader, command.grader_version)


DECISION = Decision(
    name="report-grader-failure",
    model=ReportGraderFailure,
    streams=streams,
    decide=report_grader_failure,
    unconditioned=frozenset({"run"}),
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "item": "1752",
        "attempt": "1",
        "grader": "unit-tests",
    },
)
