"""What does a run ask of honesty, and what follows from a violation?"""

from __future__ import annotations

import pytest

from domain.assessment.facts import SubmissionReceived
from domain.catalogue.facts import GradingPolicyPublished
from domain.catalogue.rules import RunIsArchived
from domain.credentials.facts import CertificateBarLifted, CertificateBarred
from domain.credentials.rules import CertificateIsBarred
from domain.enrolment.facts import LearnerEnrolled, LearnerWithdrawn, SeatReleased
from domain.enrolment.rules import NotEnrolled
from domain.grading.facts import CourseGradeComputed, OutcomeRecorded, SubmissionGraded
from domain.grading.rules import AttemptUnknown
from domain.integrity.facts import (
    AttemptRestored,
    AttemptVoided,
    Consequence,
    HonorCodeAccepted,
    IntegrityPolicy,
    IntegrityPolicyPublished,
    Penalty,
    ViolationDismissed,
    ViolationReported,
    ViolationUpheld,
)
from domain.integrity.rules import (
    EnrolmentEnded,
    HonorCodeNotAccepted,
    HonorCodeOther,
    ModeUnknown,
    ViolationDecided,
    ViolationExists,
    ViolationUnknown,
)
from domain.kernel import Fact, Personal
from tests.commands.test_grading import POLICY
from tests.given import ENROLLED, LEARNER, NOON, RUN_ID, SUBJECT, TMA, Record, given

BECAUSE = Personal[str](value="Because")
WORK = {**LEARNER, "item": TMA.item, "attempt": "1"}
CODE = IntegrityPolicyPublished(RUN_ID, 1, IntegrityPolicy(honor_code="2013-1"))
FINDING = {**LEARNER, "violation": "v", "reason": "Because"}


def upheld(*consequences: Consequence, **report: str) -> Record:
    """A learner whose plagiarism was upheld, with what the policy says for it."""
    policy = IntegrityPolicy(penalties=(Penalty("plagiarism", consequences),))
    record = given(
        *ENROLLED,
        IntegrityPolicyPublished(RUN_ID, 3, policy),
        SubmissionReceived(TMA.item, "1", 1, 1),
        SubmissionReceived(TMA.item, "2", 2, 1),
        ViolationReported("v", "plagiarism", **report),
    )
    answer = record.when("uphold-violation", **FINDING)
    assert answer.facts[0] == ViolationUpheld("v", consequences, 3, BECAUSE)
    return record


def following(record: Record) -> list[Fact]:
    """Return what was decided beside the finding."""
    facts = [fact for _, fact, _ in record.history]
    return facts[facts.index(next(f for f in facts if isinstance(f, ViolationUpheld))) + 1 :]


def test_the_honour_code_comes_before_the_first_submission() -> None:
    """The version that the run asks for, and no other. Source: rules.md, Integrity [Open edX]."""
    record = given(*ENROLLED, CODE)
    record.when("submit-work", **WORK).refused(
        HonorCodeNotAccepted, honor_code="2013-1", accepted=None
    )
    record.when("accept-honor-code", **LEARNER, version="2012-1").refused(
        HonorCodeOther, honor_code="2013-1", version="2012-1"
    )
    record.when("accept-honor-code", **LEARNER, version="2013-1").then(HonorCodeAccepted("2013-1"))
    record.when("accept-honor-code", **LEARNER, version="2013-1").nothing()
    assert record.when("submit-work", **WORK).facts


def test_whoever_has_submitted_goes_on_under_a_new_honour_code() -> None:
    """It is asked for before the first submission, not before each."""
    record = given(*ENROLLED, SubmissionReceived(TMA.item, "0", 1, 1), CODE)
    assert record.when("submit-work", **WORK).facts


def test_a_run_that_asks_for_no_honour_code_takes_none() -> None:
    """There is nothing to accept, and nobody who is not in the run accepts anything."""
    given(*ENROLLED).when("accept-honor-code", **LEARNER, version="1").refused(HonorCodeOther)
    left = given(*ENROLLED, CODE, LearnerWithdrawn())
    left.when("accept-honor-code", **LEARNER, version="2013-1").refused(NotEnrolled)


def test_a_policy_names_modes_that_the_run_offers() -> None:
    """A policy that could never apply is refused when it is published, naming the field."""
    record = given(*ENROLLED)
    record.when("publish-integrity-policy", run=RUN_ID, identity_modes=["honor"]).refused(
        ModeUnknown, field="identity_modes", mode="honor"
    )
    record.when("archive-run", run=RUN_ID)
    record.when("publish-integrity-policy", run=RUN_ID, honor_code="1").refused(RunIsArchived)


def test_a_report_is_made_once() -> None:
    """Nothing follows from it before it is upheld."""
    record = given(*ENROLLED, SubmissionReceived(TMA.item, "1", 1, 1))
    report = {**LEARNER, "violation": "v", "kind": "plagiarism", "item": TMA.item}
    record.when("report-violation", **report, attempt="7").refused(AttemptUnknown, attempt="7")
    record.when("report-violation", **report, attempt="1", report="Copied").then(
        ViolationReported("v", "plagiarism", TMA.item, "1", Personal(value="Copied"))
    )
    record.when("report-violation", **report, attempt="1", report="Copied!").nothing()
    other = {**report, "kind": "collusion"}
    record.when("report-violation", **other).refused(ViolationExists, kind="plagiarism")
    record.when("uphold-violation", **{**FINDING, "violation": "w"}).refused(ViolationUnknown)
    record.when("dismiss-violation", **{**FINDING, "violation": "w"}).refused(ViolationUnknown)


def test_a_kind_that_the_policy_does_not_name_has_no_consequences() -> None:
    """The finding stands by itself."""
    record = given(*ENROLLED, ViolationReported("v", "rudeness"))
    record.when("uphold-violation", **FINDING).then(ViolationUpheld("v", (), 0, BECAUSE))
    record.when("uphold-violation", **FINDING).nothing()


@pytest.mark.parametrize(
    ("report", "voided"),
    [({"item": TMA.item, "attempt": "2"}, ["2"]), ({"item": TMA.item}, ["1", "2"]), ({}, [])],
)
def test_attempts_are_voided_as_the_report_names_them(
    report: dict[str, str], voided: list[str]
) -> None:
    """One attempt, all on the item, or none. Source: rules.md, Integrity."""
    record = upheld("void-attempt", **report)
    assert following(record) == [AttemptVoided(TMA.item, attempt, "v") for attempt in voided]


def test_a_voided_attempt_counts_for_nothing_and_stays_used_up() -> None:
    """The best of the others counts; a dismissal on appeal lets it count again."""
    record = upheld("void-attempt", item=TMA.item, attempt="2")
    record.take(
        POLICY,
        SubmissionGraded(TMA.item, "1", "50", "100", "g"),
        SubmissionGraded(TMA.item, "2", "90", "100", "g"),
    )
    assert isinstance(POLICY, GradingPolicyPublished)

    def percent() -> int:
        record.when("compute-grade", **LEARNER)
        state = record.states[f"main/enrolment/{RUN_ID}/{SUBJECT}"]
        assert state.results.grade is not None
        counted = state.results.counted_of(TMA.item)
        assert counted is not None
        return int(counted.score.raw)

    assert percent() == 50
    assert record.when("submit-work", **{**WORK, "attempt": "3"}).facts[0].number == 3  # type: ignore[attr-defined]
    record.when("dismiss-violation", **FINDING).then(
        ViolationDismissed("v", BECAUSE), AttemptRestored(TMA.item, "2", "v")
    )
    assert percent() == 90
    assert any(isinstance(fact, CourseGradeComputed) for _, fact, _ in record.history)


def test_an_upheld_violation_bars_a_certificate_until_it_is_dismissed() -> None:
    """The bar of the violation alone is lifted; another one stands. Source: rules.md, Integrity."""
    record = upheld("bar-certificate")
    assert following(record) == [CertificateBarred(violation="v")]
    record.take(OutcomeRecorded("pass"))
    record.when("issue-certificate", **LEARNER).refused(CertificateIsBarred, violations=["v"])
    record.take(CertificateBarred(BECAUSE))
    record.when("dismiss-violation", **FINDING).then(
        ViolationDismissed("v", BECAUSE), CertificateBarLifted(violation="v")
    )
    record.when("dismiss-violation", **FINDING).nothing()
    record.when("uphold-violation", **FINDING).refused(ViolationDecided)
    record.when("issue-certificate", **LEARNER).refused(CertificateIsBarred, violations=[])
    record.when("lift-certificate-bar", **LEARNER, reason="Because")
    assert record.when("issue-certificate", **LEARNER).facts


def test_an_upheld_violation_ends_the_enrolment() -> None:
    """The learner is out, gives the seat back, and comes back only once it is dismissed. Source:
    rules.md, Integrity."""
    policy = IntegrityPolicy(penalties=(Penalty("impersonation", ("end-enrolment",)),))
    record = given(
        *ENROLLED,
        IntegrityPolicyPublished(RUN_ID, 1, policy),
        ViolationReported("v", "impersonation"),
    )
    record.when("limit-seats", run=RUN_ID, capacity=5)
    record.when("count-seats", run=RUN_ID, number=1, at_position=1, taken=[SUBJECT])
    record.when("uphold-violation", **FINDING).then(
        ViolationUpheld("v", ("end-enrolment",), 1, BECAUSE),
        LearnerWithdrawn(violation="v"),
        SeatReleased(SUBJECT),
    )
    enrol = {**LEARNER, "mode": "verified"}
    record.when("enrol-learner", **enrol).refused(EnrolmentEnded, violation="v")
    record.when("dismiss-violation", **FINDING).then(ViolationDismissed("v", BECAUSE))
    answer = record.when("enrol-learner", NOON, **enrol)
    assert answer.facts[0] == LearnerEnrolled("verified", seat=True)


def test_an_enrolment_that_has_ended_does_not_end_again() -> None:
    """Who has left by themselves stays as they are."""
    policy = IntegrityPolicy(penalties=(Penalty("plagiarism", ("end-enrolment",)),))
    record = given(
        *ENROLLED,
        IntegrityPolicyPublished(RUN_ID, 1, policy),
        ViolationReported("v", "plagiarism"),
        LearnerWithdrawn(),
    )
    record.when("uphold-violation", **FINDING).then(
        ViolationUpheld("v", ("end-enrolment",), 1, BECAUSE)
    )


def test_whoever_left_before_the_hearing_does_not_come_back_after_it() -> None:
    """Each violation that is upheld keeps them out, until all are dismissed. Source: rules.md,
    Integrity: an upheld violation may end the enrolment, as the policy says."""
    policy = IntegrityPolicy(penalties=(Penalty("impersonation", ("end-enrolment",)),))
    record = given(
        *ENROLLED,
        IntegrityPolicyPublished(RUN_ID, 1, policy),
        ViolationReported("v", "impersonation"),
        ViolationReported("w", "impersonation"),
    )
    record.when("withdraw-learner", **LEARNER)
    for violation in ("v", "w"):
        upholding = {**FINDING, "violation": violation}
        record.when("uphold-violation", **upholding).then(
            ViolationUpheld(violation, ("end-enrolment",), 1, BECAUSE)
        )
    record.when("enrol-learner", **LEARNER, mode="verified").refused(EnrolmentEnded, violation="v")
    record.when("dismiss-violation", **FINDING)
    record.when("enrol-learner", **LEARNER, mode="verified").refused(EnrolmentEnded, violation="w")
    record.when("dismiss-violation", **{**FINDING, "violation": "w"})
    assert record.when("enrol-learner", **LEARNER, mode="verified").facts
