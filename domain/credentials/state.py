"""What must decisions know of the certificate of an enrolment?"""

from __future__ import annotations

from typing import NamedTuple, assert_never

from domain.credentials.facts import CertificateIssued, CertificateRevoked

CredentialFact = CertificateIssued | CertificateRevoked


class Certificate(NamedTuple):
    """The one certificate of an enrolment, and whether it was taken back."""

    certificate: str
    revoked: bool


def certificate_after(fact: CredentialFact) -> Certificate:
    """Return the certificate as a fact about it leaves it."""
    match fact:
        case CertificateIssued(certificate=certificate):
            return Certificate(certificate, revoked=False)
        case CertificateRevoked(certificate=certificate):
            return Certificate(certificate, revoked=True)
        case _:
            assert_never(fact)
