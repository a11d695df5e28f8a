"""How are the facts of a certificate told, each in one sentence?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.credentials.facts import (
    CertificateAllowed,
    CertificateBarLifted,
    CertificateBarred,
    CertificateIssued,
    CertificateReissued,
    CertificateRevoked,
)
from domain.kernel import Fact

PLAIN: Mapping[type[Fact], str] = {
    CertificateRevoked: "Certificate {f.certificate} was revoked",
    CertificateReissued: "Certificate {f.certificate} was issued in place of {f.supersedes}",
    CertificateAllowed: "A certificate was allowed whatever the grade",
}


def _issued(fact: CertificateIssued) -> str:
    share = "" if fact.percent is None else f", {fact.percent} %"
    return f"Certificate {fact.certificate} was issued: {fact.course}, {fact.result}{share}"


def _barred(fact: CertificateBarred) -> str:
    because = "" if fact.violation is None else f" because of violation {fact.violation}"
    return f"Barred from a certificate{because}"


def _unbarred(fact: CertificateBarLifted) -> str:
    of = "" if fact.violation is None else f" because of violation {fact.violation}"
    return f"No longer barred from a certificate{of}"


TELLERS: Mapping[type[Fact], Callable[[Any], str]] = {
    CertificateIssued: _issued,
    CertificateBarred: _barred,
    CertificateBarLifted: _unbarred,
}
