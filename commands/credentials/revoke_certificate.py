"""How is a certificate taken back?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Reason
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.credentials.facts import CertificateRevoked
from domain.credentials.rules import require_certificate
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.kernel import Personal, StreamRef


class RevokeCertificate(Command):
    """Take a certificate back, with a reason. Its identifier and grade stay readable."""

    run: Id
    subject: Id
    certificate: Id
    reason: Reason = Field(description="Kept encrypted.")


def streams(command: RevokeCertificate, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment and the run."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
    )


def revoke_certificate(
    command: RevokeCertificate, _context: Context, enrolment: Enrolment, run: Run
) -> Iterator[CertificateRevoked]:
    """Yield the revocation, once.

    Identifier and grade stay readable [Open edX's older model blanked them]. Raises RunUnknown,
    CertificateUnknown or CertificateIsSuperseded.
    """
    require_run(run, command.run)
    certificate = enrolment.credentials.certificate
    held = require_certificate(certificate, command.certificate, command.run, command.subject)
    if not held.revoked:
        yield CertificateRevoked(held.certificate, Personal(value=command.reason))


DECISION = Decision(
    name="revoke-certificate",
    model=RevokeCertificate,
    streams=streams,
    decide=revoke_certificate,
    unconditioned=frozenset({"run"}),
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "certificate": "0b5c8c9e-8f3e-5d8e-9c55-0d0a3f7c2a11",
        "reason": "Issued by mistake.",
    },
)
