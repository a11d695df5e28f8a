"""Who gets a certificate, and how is it taken back?"""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from commands.register import DECISIONS
from domain.credentials.facts import CertificateIssued, CertificateRevoked
from domain.credentials.rules import (
    CertificateIsRevoked,
    CertificateUnknown,
    ModeNotEligible,
    NotPassed,
    certificate_id,
)
from domain.enrolment.facts import LearnerEnrolled, LearnerWithdrawn
from domain.enrolment.rules import NotEnrolled
from domain.grading.facts import (
    CourseFailed,
    CourseGradeComputed,
    CoursePassed,
    OutcomeRecorded,
)
from domain.kernel import Fact, Personal
from tests.given import ENROLLED, LEARNER, RUN_ID, RUNNING, SUBJECT, given

ID = certificate_id("main", RUN_ID, SUBJECT)
COMPUTED = (CourseGradeComputed(81, "A", "81/100", "0" * 64, 1), CoursePassed(81, "computed"))


def test_the_boards_pass_gives_a_certificate_once() -> None:
    """Issued once per enrolment; asking again changes nothing. Source: rules.md [Open edX]."""
    record = given(*ENROLLED, OutcomeRecorded("distinction"))
    record.when("issue-certificate", **LEARNER).then(
        CertificateIssued(ID, "AAA", "verified", "board", "distinction", None)
    )
    record.when("issue-certificate", **LEARNER).nothing()
    record.take(LearnerWithdrawn(), OutcomeRecorded("fail"))
    record.when("issue-certificate", **LEARNER).nothing()


def test_a_computed_pass_gives_a_certificate() -> None:
    """Where no board decided, the computed grade does; it is named as the basis."""
    given(*ENROLLED, *COMPUTED).when("issue-certificate", **LEARNER).then(
        CertificateIssued(ID, "AAA", "verified", "computed", "pass", 81)
    )


@pytest.mark.parametrize(
    "results",
    [
        (),
        (OutcomeRecorded("fail"),),
        (OutcomeRecorded("withdrawn"),),
        (*COMPUTED, OutcomeRecorded("fail")),
        (*COMPUTED, CourseFailed(30, "computed")),
        (OutcomeRecorded("pass"), OutcomeRecorded("fail")),
    ],
)
def test_no_certificate_without_a_pass(results: tuple[Fact, ...]) -> None:
    """The board counts over the computed grade. Source: rules.md (micromasters#2538)."""
    given(*ENROLLED, *results).when("issue-certificate", **LEARNER).refused(NotPassed)


def test_no_certificate_in_another_mode() -> None:
    """A run says in which modes a certificate is earned."""
    record = given(*RUNNING, LearnerEnrolled("audit"), OutcomeRecorded("pass"))
    record.when("issue-certificate", **LEARNER).refused(ModeNotEligible, mode="audit")


def test_no_certificate_for_who_is_not_in() -> None:
    """Never enrolled, or withdrawn."""
    given(*RUNNING).when("issue-certificate", **LEARNER).refused(NotEnrolled)
    left = given(*ENROLLED, *COMPUTED, LearnerWithdrawn())
    left.when("issue-certificate", **LEARNER).refused(NotEnrolled, standing="withdrawn")


def test_revocation_is_its_own_command_with_a_reason() -> None:
    """Once; the reason is personal; what was revoked is not issued again by asking again."""
    record = given(*ENROLLED, *COMPUTED)
    record.when("issue-certificate", **LEARNER)
    wrong = {**LEARNER, "certificate": "x", "reason": "Mistake"}
    record.when("revoke-certificate", **wrong).refused(CertificateUnknown, certificate="x")
    right = {**wrong, "certificate": ID}
    record.when("revoke-certificate", **right).then(
        CertificateRevoked(ID, Personal(value="Mistake"))
    )
    record.when("revoke-certificate", **right).nothing()
    record.when("issue-certificate", **LEARNER).refused(CertificateIsRevoked, certificate=ID)


def test_a_later_failure_does_not_revoke() -> None:
    """Only its own command takes a certificate back. Source: rules.md, Certificates."""
    record = given(*ENROLLED, *COMPUTED)
    record.when("issue-certificate", **LEARNER)
    answer = record.when("record-outcome", **LEARNER, result="fail")
    assert answer.facts == (OutcomeRecorded("fail"),)


def test_each_enrolment_has_its_own_certificate_id() -> None:
    """The id follows from tenant, run and learner, and from nothing else."""
    others = {
        certificate_id("other", RUN_ID, SUBJECT),
        certificate_id("main", "AAA-2014J", SUBJECT),
        certificate_id("main", RUN_ID, "oulad-2"),
    }
    assert len(others | {ID}) == 4


@pytest.mark.parametrize("reason", ["", "   ", "x" * 4_001])
def test_a_reason_is_given(reason: str) -> None:
    """A revocation without a reason is malformed."""
    body = {**LEARNER, "certificate": ID, "reason": reason}
    with pytest.raises(ValidationError, match="reason"):
        DECISIONS["revoke-certificate"].model.model_validate(body)
