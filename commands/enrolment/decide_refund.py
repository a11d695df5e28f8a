"""Does a learner get back what they paid for a run?"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Moment
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.enrolment.facts import RefundApproved, RefundDenied
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.enrolment.terms import refund


class DecideRefund(Command):
    """Decide about a refund, once for each order. It is no side effect of withdrawing, and takes
    nobody out of a run."""

    run: Id
    subject: Id
    order: Id = Field(description="What was paid with, as the shop calls it.")
    ordered_at: Moment


def decide_refund(
    command: DecideRefund, context: Context, enrolment: Enrolment, run: Run
) -> Iterator[RefundApproved | RefundDenied]:
    """Yield the decision, nothing where there is one; never by withdrawing [Open edX does that].

    Raises RunUnknown or NotEnrolled.
    """
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    if command.order not in enrolment.refunds:
        yield refund(enrolment, run, command.order, command.ordered_at, context.now)


DECISION = Decision(
    name="decide-refund",
    model=DecideRefund,
    streams=lambda command, tenant: (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
    ),
    decide=decide_refund,
    unconditioned=frozenset({"run"}),
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "order": "2013-00812",
        "ordered_at": "2013-09-20T10:00:00Z",
    },
)
