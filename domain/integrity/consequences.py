"""Which facts follow when a violation is upheld, and which when it is dismissed after all?"""

from __future__ import annotations

from collections.abc import Iterator

from domain.credentials.facts import CertificateBarLifted, CertificateBarred
from domain.enrolment.facts import LearnerWithdrawn
from domain.enrolment.state import Enrolment
from domain.integrity.facts import (
    AttemptRestored,
    AttemptVoided,
    Consequence,
    ViolationReported,
)


def following(
    enrolment: Enrolment, reported: ViolationReported, consequences: tuple[Consequence, ...]
) -> Iterator[AttemptVoided | CertificateBarred | LearnerWithdrawn]:
    """Yield what follows. A report about no item voids nothing; one about an item and no attempt
    voids every attempt on it; an enrolment that has ended does not end again."""
    violation = reported.violation
    if "void-attempt" in consequences and reported.item is not None:
        for made in enrolment.attempts.get(reported.item, ()):
            if reported.attempt in (None, made.attempt):
                yield AttemptVoided(reported.item, made.attempt, violation)
    if "bar-certificate" in consequences:
        yield CertificateBarred(violation=violation)
    if "end-enrolment" in consequences and enrolment.active:
        yield LearnerWithdrawn(violation=violation)


def given_back(
    enrolment: Enrolment, violation: str
) -> Iterator[AttemptRestored | CertificateBarLifted]:
    """Yield what this violation alone had voided and barred."""
    for item, attempt, by in sorted(enrolment.integrity.voided):
        if by == violation:
            yield AttemptRestored(item, attempt, violation)
    if violation in enrolment.credentials.bars:
        yield CertificateBarLifted(violation=violation)
