"""How does a learner get a certificate?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from commands.decision import Command, Context, Decision
from commands.fields import Id
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.credentials.facts import CertificateIssued
from domain.credentials.rules import CertificateIsRevoked, certificate_id, certify
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.kernel import Fact, StreamRef


class IssueCertificate(Command):
    """Issue the certificate of an enrolment."""

    run: Id
    subject: Id


def streams(command: IssueCertificate, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment and the run."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
    )


def issue_certificate(
    command: IssueCertificate, context: Context, enrolment: Enrolment, run: Run
) -> Iterator[CertificateIssued]:
    """Yield the certificate, once per enrolment [Open edX].

    Raises RunUnknown, CertificateIsRevoked, or what ``certify`` raises.
    """
    require_run(run, command.run)
    held = enrolment.credentials.certificate
    if held is not None:
        if not held.revoked:
            return
        raise CertificateIsRevoked(
            f"Certificate {held.certificate} of learner {command.subject} was revoked.",
            run=command.run,
            subject=command.subject,
            certificate=held.certificate,
        )
    certificate = certificate_id(context.principal.tenant, command.run, command.subject)
    yield certify(enrolment, run, command.run, command.subject, certificate, context.now)


def answer(facts: tuple[Fact, ...]) -> dict[str, Any]:
    """Return what the caller needs to know of what was recorded."""
    (fact,) = (fact for fact in facts if isinstance(fact, CertificateIssued))
    return {"certificate": fact.certificate}


DECISION = Decision(
    name="issue-certificate",
    model=IssueCertificate,
    streams=streams,
    decide=issue_certificate,
    example={"run": "AAA-2013J", "subject": "oulad-11391"},
    answer=answer,
)
