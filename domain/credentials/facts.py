"""Which certificates were issued, taken back or corrected, and who may have one at all?"""

from __future__ import annotations

from typing import Literal

from domain.catalogue.facts import Mode
from domain.kernel import Fact, Personal

Basis = Literal["board", "computed", "allowed"]


class CertificateIssued(Fact, frozen=True, omit_defaults=True):
    """A certificate was issued, once per enrolment.

    ``basis`` is what it rests on: the exam board's decision, the computed grade, or the allow list
    (``result`` is then ``granted``). ``identity_verified`` says that the mode asked for it.
    """

    certificate: str
    course: str
    mode: Mode
    basis: Basis
    result: str
    percent: int | None
    identity_verified: bool = False


class CertificateReissued(Fact, frozen=True, omit_defaults=True):
    """A corrected certificate was issued, under an id of its own, in place of ``supersedes``."""

    certificate: str
    supersedes: str
    course: str
    mode: Mode
    basis: Basis
    result: str
    percent: int | None
    reason: Personal[str]
    identity_verified: bool = False


class CertificateRevoked(Fact, frozen=True):
    """The certificate is no longer valid. Its identifier and grade stay readable."""

    certificate: str
    reason: Personal[str]


class CertificateAllowed(Fact, frozen=True):
    """The learner is on the allow list: no grade is asked for their certificate."""

    reason: Personal[str]


class CertificateBarred(Fact, frozen=True, omit_defaults=True):
    """The learner gets no certificate while this stands. ``violation`` is what it follows from;
    None: it was said by itself."""

    reason: Personal[str] | None = None
    violation: str | None = None


class CertificateBarLifted(Fact, frozen=True, omit_defaults=True):
    """What barred the learner does no longer: the bar of one violation, or (None) all of them."""

    reason: Personal[str] | None = None
    violation: str | None = None
