"""What must decisions know of the certificate of an enrolment?"""

from __future__ import annotations

from typing import NamedTuple, assert_never

from domain.credentials.facts import (
    CertificateAllowed,
    CertificateBarLifted,
    CertificateBarred,
    CertificateIssued,
    CertificateReissued,
    CertificateRevoked,
)

CredentialFact = (
    CertificateIssued
    | CertificateReissued
    | CertificateRevoked
    | CertificateAllowed
    | CertificateBarred
    | CertificateBarLifted
)
BAR_ITSELF = ""
"""Stands among ``bars`` for a bar that follows from no violation."""


class Certificate(NamedTuple):
    """The certificate of an enrolment that counts, whether it was taken back, and those that it
    superseded, the first one first."""

    certificate: str
    revoked: bool
    superseded: tuple[str, ...] = ()


class Credentials(NamedTuple):
    """The certificate if there is one, whether the learner is on the allow list, and the violations
    that bar them."""

    certificate: Certificate | None = None
    allowed: bool = False
    bars: frozenset[str] = frozenset()


def with_credential(state: Credentials, fact: CredentialFact) -> Credentials:
    """Take one fact in. Never refuses."""
    match fact:
        case CertificateIssued(certificate=certificate):
            return state._replace(certificate=Certificate(certificate, revoked=False))
        case CertificateRevoked(certificate=certificate):
            held = state.certificate or Certificate(certificate, revoked=True)
            return state._replace(certificate=held._replace(revoked=True))
        case CertificateReissued(certificate=certificate, supersedes=old):
            before = state.certificate.superseded if state.certificate else ()
            return state._replace(certificate=Certificate(certificate, False, (*before, old)))
        case CertificateAllowed():
            return state._replace(allowed=True)
        case CertificateBarred(violation=violation):
            return state._replace(bars=state.bars | {violation or BAR_ITSELF})
        case CertificateBarLifted(violation=None):
            return state._replace(bars=frozenset())
        case CertificateBarLifted(violation=violation):
            return state._replace(bars=state.bars - {violation})
        case _:
            assert_never(fact)
