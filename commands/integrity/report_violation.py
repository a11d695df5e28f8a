"""How is something against the rules reported?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from pydantic import Field, model_validator

from commands.decision import Command, Context, Decision
from commands.fields import Contradiction, Id, ModeName, Text
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.grading.rules import require_attempt
from domain.integrity.facts import ViolationReported
from domain.integrity.rules import ViolationExists
from domain.kernel import Personal, StreamRef


class ReportViolation(Command):
    """Report something against the rules. Nothing follows before it is upheld."""

    run: Id
    subject: Id
    violation: Id = Field(description="Chosen by the client; sent again, it decides nothing.")
    kind: ModeName = Field(description="As in the run's policy: `plagiarism`, `collusion` …")
    item: Id | None = Field(default=None, description="The item that it is about, if any.")
    attempt: Id | None = Field(default=None, description="Absent: every attempt on the item.")
    report: Text | None = Field(default=None, description="Kept encrypted.")

    @model_validator(mode="after")
    def _attempt_of_an_item(self) -> Self:
        if self.attempt is not None and self.item is None:
            raise Contradiction("attempt", "is of an item: name item too")
        return self


def streams(command: ReportViolation, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment and the run."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
    )


def report_violation(
    command: ReportViolation, _context: Context, enrolment: Enrolment, run: Run
) -> Iterator[ViolationReported]:
    """Yield the report, once. Raises RunUnknown, NotEnrolled, ViolationExists or AttemptUnknown."""
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    known = enrolment.integrity.violations.get(command.violation)
    if known is not None:
        before = known.reported
        if (before.kind, before.item, before.attempt) == (
            command.kind,
            command.item,
            command.attempt,
        ):
            return
        raise ViolationExists(
            f"Violation {command.violation} of learner {command.subject} was reported already, as "
            f"{before.kind}.",
            run=command.run,
            subject=command.subject,
            violation=command.violation,
            kind=before.kind,
            item=before.item,
            attempt=before.attempt,
        )
    if command.item is not None and command.attempt is not None:
        made = enrolment.attempts
        require_attempt(made, command.run, command.subject, command.item, command.attempt)
    yield ViolationReported(
        violation=command.violation,
        kind=command.kind,
        item=command.item,
        attempt=command.attempt,
        report=None if command.report is None else Personal(value=command.report),
    )


DECISION = Decision(
    name="report-violation",
    model=ReportViolation,
    streams=streams,
    decide=report_violation,
    unconditioned=frozenset({"run"}),
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "violation": "2013-17",
        "kind": "plagiarism",
        "item": "1752",
        "attempt": "1",
        "report": "Two paragraphs are another learner's.",
    },
)
