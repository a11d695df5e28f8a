"""How does a learner get a certificate whatever the grade?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, Reason
from domain.catalogue.rules import require_run
from domain.catalogue.state import RUN, Run
from domain.credentials.facts import CertificateAllowed
from domain.enrolment.rules import require_ever_enrolled
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.kernel import Personal, StreamRef


class AllowCertificate(Command):
    """Put a learner on the allow list: it replaces the grade test of their
    certificate, and only that."""

    run: Id
    subject: Id
    reason: Reason = Field(description="Kept encrypted.")


def streams(command: AllowCertificate, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the enrolment and the run."""
    return (
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
    )


def allow_certificate(
    command: AllowCertificate, _context: Context, enrolment: Enrolment, run: Run
) -> Iterator[CertificateAllowed]:
    """Yield it, once, instead of the grade [Open edX]. Raises RunUnknown or NotEnrolled."""
    require_run(run, command.run)
    require_ever_enrolled(enrolment, command.run, command.subject)
    if not enrolment.credentials.allowed:
        yield CertificateAllowed(reason=Personal(value=command.reason))


DECISION = Decision(
    name="allow-certificate",
    model=AllowCertificate,
    streams=streams,
    decide=allow_certificate,
    unconditioned=frozenset({"run"}),
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "reason": "The exam paper was lost by us.",
    },
)
