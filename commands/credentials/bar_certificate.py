"""How is a learner kept from a certificate?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Reason
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.credentials.facts import CertificateBarred
from domain.credentials.state import BAR_ITSELF
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.kernel import Personal, StreamRef


class BarCertificate(Command):
    """Bar a learner from a certificate. A bar beats the allow list; what was issued is
    taken back by `revoke-certificate` only."""

    run: Id
    subject: Id
    reason: Reason = Field(description="Kept encrypted.")


def streams(command: BarCertificate, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment and the run."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
    )


def bar_certificate(
    command: BarCertificate, _context: Context, enrolment: Enrolment, run: Run
) -> Iterator[CertificateBarred]:
    """Yield it, once; it beats the allow list [Open edX]. Raises RunUnknown or NotEnrolled."""
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    if BAR_ITSELF not in enrolment.credentials.bars:
        yield CertificateBarred(reason=Personal(value=command.reason))


DECISION = Decision(
    name="bar-certificate",
    model=BarCertificate,
    streams=streams,
    decide=bar_certificate,
    unconditioned=frozenset({"run"}),
    example={"run": "AAA-2013J", "subject": "oulad-11391", "reason": "Fees are owed."},
)
