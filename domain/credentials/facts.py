"""Which certificates were issued, and which taken back?"""

from __future__ import annotations

from typing import Literal

from domain.catalogue.facts import Mode
from domain.kernel import Fact, Personal


class CertificateIssued(Fact, frozen=True):
    """A certificate was issued, once per enrolment. ``basis`` is the decision that it rests on."""

    certificate: str
    course: str
    mode: Mode
    basis: Literal["board", "computed"]
    result: str
    percent: int | None


class CertificateRevoked(Fact, frozen=True):
    """The certificate is no longer valid. Its identifier and grade stay readable."""

    certificate: str
    reason: Personal[str]
