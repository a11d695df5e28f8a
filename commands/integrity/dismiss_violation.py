"""How is a report found to be wrong?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Reason
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.integrity.consequences import given_back
from domain.integrity.facts import AttemptRestored, ViolationDismissed
from domain.integrity.rules import require_violation
from domain.kernel import Fact, Personal, StreamRef
from domain.peer_review.state import PEER_POOL, Pool
from domain.peer_review.voiding import returned


class DismissViolation(Command):
    """Find that a report is wrong, at once or on appeal. What it had voided and barred is given
    back; an enrolment that it ended can be begun again."""

    run: Id
    subject: Id
    violation: Id
    reason: Reason = Field(description="Kept encrypted.")


def streams(command: DismissViolation, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment and the run."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
    )


def more(
    command: DismissViolation, tenant: str, enrolment: Enrolment, *_others: object
) -> tuple[StreamRef[Any], ...]:
    """Name the pool that work on the reported item is in, if peers review it."""
    violation = enrolment.integrity.violations.get(command.violation)
    if violation is None or violation.reported.item is None:
        return ()
    return (PEER_POOL.of(tenant, command.run, violation.reported.item),)


def dismiss_violation(
    command: DismissViolation,
    _context: Context,
    enrolment: Enrolment,
    run: Run,
    pool: Pool | None = None,
) -> Iterator[Fact]:
    """Yield the finding and what is given back, once. Raises RunUnknown or ViolationUnknown."""
    require_run(run, command.run)
    violation = require_violation(
        enrolment.integrity, command.violation, command.run, command.subject
    )
    if violation.finding == "dismissed":
        return
    yield ViolationDismissed(command.violation, Personal(value=command.reason))
    for fact in given_back(enrolment, command.violation):
        yield fact
        if isinstance(fact, AttemptRestored) and pool is not None:
            yield from returned(pool, fact, enrolment.integrity.voided, command.subject)


DECISION = Decision(
    name="dismiss-violation",
    model=DismissViolation,
    streams=streams,
    decide=dismiss_violation,
    more=more,
    unconditioned=frozenset({"run"}),
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "violation": "2013-17",
        "reason": "The source was quoted.",
    },
)
