"""Who gets a certificate, and how is it taken back?"""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from commands.register import DECISIONS
from domain.credentials.facts import (
    CertificateAllowed,
    CertificateBarLifted,
    CertificateBarred,
    CertificateIssued,
    CertificateReissued,
    CertificateRevoked,
)
from domain.credentials.rules import (
    CertificateIsBarred,
    CertificateIsRevoked,
    CertificateIsSuperseded,
    CertificateUnknown,
    GradesNotReleased,
    IdentityNotVerified,
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
    GradesReleased,
    GradesWithheld,
    OutcomeRecorded,
)
from domain.integrity.facts import IdentityVerified, IntegrityPolicy, IntegrityPolicyPublished
from domain.kernel import Fact, Personal
from tests.given import ENROLLED, LEARNER, NOON, RUN_ID, RUNNING, SUBJECT, day, given

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
    """A run says in which modes a certificate is earned [Open edX]."""
    record = given(*RUNNING, LearnerEnrolled("audit"), OutcomeRecorded("pass"))
    record.when("issue-certificate", **LEARNER).refused(ModeNotEligible, mode="audit")


def test_no_certificate_for_who_is_not_in() -> None:
    """Never enrolled, or withdrawn [Open edX]."""
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


IDENTITY = IntegrityPolicyPublished(RUN_ID, 1, IntegrityPolicy(identity_modes=("verified",)))
WHY = {**LEARNER, "reason": "Because"}
BECAUSE = Personal[str](value="Because")
ISSUED = CertificateIssued(ID, "AAA", "verified", "computed", "pass", 81)


def test_no_certificate_before_grades_are_released() -> None:
    """Who passed while the grades were withheld gets it once they are. Source: rules.md [Canvas]"""
    record = given(*ENROLLED, *COMPUTED)
    record.when("withhold-grades", run=RUN_ID).then(GradesWithheld(RUN_ID))
    record.when("withhold-grades", run=RUN_ID).nothing()
    record.when("issue-certificate", **LEARNER).refused(GradesNotReleased, run=RUN_ID)
    record.when("release-grades", run=RUN_ID).then(GradesReleased(RUN_ID))
    record.when("release-grades", run=RUN_ID).nothing()
    record.when("issue-certificate", **LEARNER).then(ISSUED)


def test_what_is_certified_stays_so_when_grades_are_withheld_later() -> None:
    """Nothing that was issued is taken back silently. Source: rules.md, Certificates."""
    record = given(*ENROLLED, *COMPUTED, ISSUED, GradesWithheld(RUN_ID))
    record.when("issue-certificate", **LEARNER).nothing()


def test_no_certificate_without_the_identity_that_the_mode_asks_for() -> None:
    """Not for one who did not show who they are; in a mode that asks nothing, for everybody.
    Source: rules.md [Open edX]."""
    record = given(*ENROLLED, *COMPUTED, IDENTITY)
    record.when("issue-certificate", **LEARNER).refused(IdentityNotVerified, mode="verified")
    record.when("verify-identity", **LEARNER, method="in-person").then(
        IdentityVerified("in-person")
    )
    record.when("verify-identity", **LEARNER, method="in-person").nothing()
    record.when("issue-certificate", **LEARNER).then(
        CertificateIssued(ID, "AAA", "verified", "computed", "pass", 81, identity_verified=True)
    )
    other = IntegrityPolicyPublished(RUN_ID, 1, IntegrityPolicy(identity_modes=("audit",)))
    given(*ENROLLED, *COMPUTED, other).when("issue-certificate", **LEARNER).then(ISSUED)


def test_an_identity_holds_until_before_it_expires() -> None:
    """Windows are half-open: `now < expires`. Source: rules.md, Enrolment."""
    record = given(*ENROLLED, *COMPUTED, IDENTITY, IdentityVerified("in-person", day(9)))
    record.when("issue-certificate", day(9), **LEARNER).refused(
        IdentityNotVerified, expires="2013-10-10T12:00:00Z"
    )
    assert record.when("issue-certificate", day(9, 11), **LEARNER).facts


def test_the_allow_list_replaces_the_grade_test() -> None:
    """A certificate for one who was allow-listed and not passed, and it says so [Open edX]
    (elsewhere none for somebody allow-listed, appsembler edx-platform#987)."""
    record = given(*ENROLLED, OutcomeRecorded("fail"))
    record.when("allow-certificate", **WHY).then(CertificateAllowed(BECAUSE))
    record.when("allow-certificate", **WHY).nothing()
    record.when("issue-certificate", **LEARNER).then(
        CertificateIssued(ID, "AAA", "verified", "allowed", "granted", None)
    )


def test_who_is_allowed_and_passed_has_passed() -> None:
    """The allow list takes nothing from a result that is there."""
    record = given(*ENROLLED, *COMPUTED, CertificateAllowed(BECAUSE))
    record.when("issue-certificate", **LEARNER).then(ISSUED)


def test_the_allow_list_replaces_nothing_but_the_grade_test() -> None:
    """Enrolled, mode, release and identity are asked all the same. Source: rules.md [Open edX]."""
    allowed = CertificateAllowed(BECAUSE)
    given(*RUNNING).when("allow-certificate", **WHY).refused(NotEnrolled)
    ask = "issue-certificate"
    given(*ENROLLED, allowed, LearnerWithdrawn()).when(ask, **LEARNER).refused(NotEnrolled)
    given(*RUNNING, LearnerEnrolled("audit"), allowed).when(ask, **LEARNER).refused(ModeNotEligible)
    given(*ENROLLED, allowed, GradesWithheld(RUN_ID)).when(ask, **LEARNER).refused(
        GradesNotReleased
    )
    given(*ENROLLED, allowed, IDENTITY).when(ask, **LEARNER).refused(IdentityNotVerified)


def test_a_bar_beats_the_allow_list_and_every_grade() -> None:
    """Until it is lifted. Source: rules.md [Open edX]."""
    record = given(*ENROLLED, *COMPUTED, CertificateAllowed(BECAUSE))
    record.when("bar-certificate", **WHY).then(CertificateBarred(BECAUSE))
    record.when("bar-certificate", **WHY).nothing()
    record.when("issue-certificate", **LEARNER).refused(CertificateIsBarred, violations=[])
    record.when("lift-certificate-bar", **WHY).then(CertificateBarLifted(BECAUSE))
    record.when("lift-certificate-bar", **WHY).nothing()
    record.when("issue-certificate", **LEARNER).then(ISSUED)


def test_a_correction_supersedes() -> None:
    """The new certificate has an id of its own and says what is so now; sent again nothing comes of
    it. Source: rules.md, Certificates."""
    record = given(*ENROLLED, *COMPUTED, ISSUED, OutcomeRecorded("distinction"))
    second, third = (certificate_id("main", RUN_ID, SUBJECT, number) for number in (2, 3))
    correct = {**WHY, "certificate": ID}
    reissued = CertificateReissued(
        second, ID, "AAA", "verified", "board", "distinction", 81, BECAUSE
    )
    record.when("reissue-certificate", **correct).then(reissued)
    record.when("reissue-certificate", **correct).nothing()
    record.when("issue-certificate", **LEARNER).nothing()
    again = record.when("reissue-certificate", **{**correct, "certificate": second})
    assert [fact.certificate for fact in again.facts] == [third]  # type: ignore[attr-defined]
    for command in ("reissue-certificate", "revoke-certificate"):
        record.when(command, **correct).refused(
            CertificateIsSuperseded, certificate=ID, superseded_by=third
        )
    record.when("revoke-certificate", **{**correct, "certificate": third}).then(
        CertificateRevoked(third, BECAUSE)
    )


def test_a_revocation_that_was_wrong_is_mended() -> None:
    """Also for a learner who has left since: whoever holds a certificate has completed."""
    revoked = CertificateRevoked(ID, BECAUSE)
    record = given(*ENROLLED, *COMPUTED, ISSUED, LearnerWithdrawn(), revoked)
    record.when("issue-certificate", **LEARNER).refused(CertificateIsRevoked)
    assert record.when("reissue-certificate", **WHY, certificate=ID).facts
    record.when("issue-certificate", **LEARNER).nothing()


def test_a_correction_asks_for_all_that_a_certificate_asks_for() -> None:
    """A result that has become a failure is not certified; the old certificate is to be revoked."""
    record = given(*ENROLLED, *COMPUTED, ISSUED, OutcomeRecorded("fail"))
    correct = {**WHY, "certificate": ID}
    record.when("reissue-certificate", **correct).refused(NotPassed, outcome="fail")
    record.take(OutcomeRecorded("pass"), CertificateBarred(BECAUSE))
    record.when("reissue-certificate", NOON, **correct).refused(CertificateIsBarred)
    given(*ENROLLED).when("reissue-certificate", **correct).refused(CertificateUnknown)


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
