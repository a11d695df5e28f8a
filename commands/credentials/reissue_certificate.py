"""How is a certificate corrected?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Reason
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.credentials.facts import CertificateReissued
from domain.credentials.rules import certificate_id, certify, require_certificate
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.kernel import Fact, Personal, StreamRef


class ReissueCertificate(Command):
    """Correct a certificate: one with what is so now is issued under another id, and supersedes
    it. Whoever verifies the old one is told so."""

    run: Id
    subject: Id
    certificate: Id = Field(description="The one to correct; it may have been revoked.")
    reason: Reason = Field(description="Kept encrypted.")


def streams(command: ReissueCertificate, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment and the run."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
    )


def reissue_certificate(
    command: ReissueCertificate, context: Context, enrolment: Enrolment, run: Run
) -> Iterator[CertificateReissued]:
    """Yield the certificate in place of the one named, nothing where that was just superseded.

    The learner must be eligible for it as for a first one. Raises RunUnknown, CertificateUnknown,
    CertificateIsSuperseded, or what ``certify`` raises.
    """
    require_run(run, command.run)
    certificate = enrolment.credentials.certificate
    if certificate is not None and certificate.superseded[-1:] == (command.certificate,):
        return
    held = require_certificate(certificate, command.certificate, command.run, command.subject)
    number = len(held.superseded) + 2
    tenant = context.principal.tenant
    corrected = certify(
        enrolment,
        run,
        command.run,
        command.subject,
        certificate_id(tenant, command.run, command.subject, number),
        context.now,
    )
    yield CertificateReissued(
        certificate=corrected.certificate,
        supersedes=held.certificate,
        course=corrected.course,
        mode=corrected.mode,
        basis=corrected.basis,
        result=corrected.result,
        percent=corrected.percent,
        reason=Personal(value=command.reason),
        identity_verified=corrected.identity_verified,
    )


def answer(facts: tuple[Fact, ...]) -> dict[str, Any]:
    """Return what the caller needs to know of what was recorded."""
    (fact,) = (fact for fact in facts if isinstance(fact, CertificateReissued))
    return {"certificate": fact.certificate, "supersedes": fact.supersedes}


DECISION = Decision(
    name="reissue-certificate",
    model=ReissueCertificate,
    streams=streams,
    decide=reissue_certificate,
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "certificate": "0b5c8c9e-8f3e-5d8e-9c55-0d0a3f7c2a11",
        "reason": "The board corrected the result.",
    },
    answer=answer,
)
