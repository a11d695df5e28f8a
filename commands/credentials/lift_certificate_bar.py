"""How is a learner no longer kept from a certificate?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Reason
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.credentials.facts import CertificateBarLifted
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.kernel import Personal, StreamRef


class LiftCertificateBar(Command):
    """Lift all that bars a learner from a certificate, also what followed from a violation."""

    run: Id
    subject: Id
    reason: Reason = Field(description="Kept encrypted.")


def streams(command: LiftCertificateBar, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment and the run."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
    )


def lift_certificate_bar(
    command: LiftCertificateBar, _context: Context, enrolment: Enrolment, run: Run
) -> Iterator[CertificateBarLifted]:
    """Yield it where something bars. Raises RunUnknown or NotEnrolled."""
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    if enrolment.credentials.bars:
        yield CertificateBarLifted(reason=Personal(value=command.reason))


DECISION = Decision(
    name="lift-certificate-bar",
    model=LiftCertificateBar,
    streams=streams,
    decide=lift_certificate_bar,
    unconditioned=frozenset({"run"}),
    example={"run": "AAA-2013J", "subject": "oulad-11391", "reason": "Fees were paid."},
)
