"""Who gets a certificate?"""

from __future__ import annotations

import uuid
from datetime import datetime

from domain.catalogue.facts import Mode, RunScheduled
from domain.catalogue.rules import require_run
from domain.catalogue.state import Run
from domain.credentials.facts import CertificateIssued
from domain.credentials.state import Certificate
from domain.enrolment.rules import require_active
from domain.enrolment.state import Enrolment
from domain.grading.rules import has_passed
from domain.grading.state import Results
from domain.integrity.state import Integrity
from domain.kernel import Refusal
from domain.wording import moment

CERTIFICATE_NAMESPACE = uuid.UUID("2f1c3b0e-6f3a-5d0b-9a0e-0d7c5e7a41b6")


class ModeNotEligible(Refusal):
    """A run says in which modes a certificate can be earned [Open edX]. The learner takes it in
    another."""

    rule = "mode-not-eligible"
    title = "No certificate is given in this mode"


class NotPassed(Refusal):
    """A certificate is for a learner who passed: by the exam board's decision, or where there is
    none by the computed grade. A board's `fail` or `withdrawn` counts over a passing grade."""

    rule = "not-passed"
    title = "The learner has not passed"


class GradesNotReleased(Refusal):
    """A run can withhold its grades until all are in [Canvas]. Until they are released no
    certificate says one, not even to a learner on the allow list: that replaces only the grade
    test [Open edX]. With `release-grades` certificates are issued by themselves."""

    rule = "grades-not-released"
    title = "The run's grades are not released"


class IdentityNotVerified(Refusal):
    """A run says in which modes a certificate wants the learner's identity verified [Open edX]. It
    was not, or what verified it has expired (`now < expires`). With `verify-identity` the
    certificate is issued by itself."""

    rule = "identity-not-verified"
    title = "The learner's identity is not verified"


class CertificateIsBarred(Refusal):
    """Something bars the learner from a certificate: a decision of its own, or an upheld violation.
    A bar beats the allow list and every grade [Open edX]."""

    rule = "certificate-barred"
    title = "The learner is barred from a certificate"


class CertificateIsRevoked(Refusal):
    """One certificate is issued per enrolment [Open edX]. This one was revoked, with a reason; it
    is not issued a second time by asking again. A revocation that was wrong is mended by
    `reissue-certificate`."""

    rule = "certificate-revoked"
    title = "The certificate was revoked"


class CertificateUnknown(Refusal):
    """The enrolment has no certificate with this identifier, so there is nothing to revoke or to
    correct."""

    rule = "certificate-unknown"
    title = "There is no such certificate"


class CertificateIsSuperseded(Refusal):
    """A later certificate was issued in place of this one, and is the one that counts: revoke or
    correct that one."""

    rule = "certificate-superseded"
    title = "The certificate was superseded"


def certificate_id(tenant: str, run: str, subject: str, number: int = 1) -> str:
    """Return the id of an enrolment's certificate, the ``number``-th with those that it supersedes:
    the same whenever it is asked for."""
    later = "" if number == 1 else f"/{number}"
    return str(uuid.uuid5(CERTIFICATE_NAMESPACE, f"{tenant}/{run}/{subject}{later}"))


def certify(
    enrolment: Enrolment, run: Run, run_id: str, subject: str, certificate: str, now: datetime
) -> CertificateIssued:
    """Return the certificate that a learner may have, or refuse it.

    They may where they are enrolled (or completed, as whoever holds a certificate has), in an
    eligible mode, passed or on the allow list, the grades are released, the identity is verified
    where the mode asks for it, and nothing bars them [Open edX]. Raises RunUnknown, NotEnrolled,
    ModeNotEligible, NotPassed, GradesNotReleased, IdentityNotVerified or CertificateIsBarred.
    """
    scheduled = require_run(run, run_id)
    held = enrolment.credentials
    if held.certificate is None:
        require_active(enrolment, run_id, subject)
    mode = require_eligible_mode(scheduled, enrolment.mode)
    results = enrolment.results
    passed = has_passed(results)
    if not held.allowed:
        require_passed(results, run_id, subject)
    if not run.grades_released:
        raise GradesNotReleased(f"The grades of run {run_id} are not released.", run=run_id)
    identity = mode in run.integrity.identity_modes
    if identity:
        require_identity(enrolment.integrity, run_id, subject, mode, now)
    if held.bars:
        raise CertificateIsBarred(
            f"Learner {subject} is barred from a certificate of run {run_id}.",
            run=run_id,
            subject=subject,
            violations=sorted(filter(None, held.bars)),
        )
    board = "pass" if results.outcome is None else results.outcome
    return CertificateIssued(
        certificate=certificate,
        course=scheduled.course,
        mode=mode,
        basis="allowed" if not passed else "computed" if results.outcome is None else "board",
        result=board if passed else "granted",
        percent=None if results.grade is None else results.grade.percent,
        identity_verified=identity,
    )


def require_certificate(
    held: Certificate | None, certificate: str, run_id: str, subject: str
) -> Certificate:
    """Return the certificate that counts, or raise CertificateUnknown or CertificateIsSuperseded
    where that is not the one asked for."""
    if held is not None and held.certificate == certificate:
        return held
    if held is not None and certificate in held.superseded:
        raise CertificateIsSuperseded(
            f"Certificate {certificate} was superseded; {held.certificate} is in its place.",
            run=run_id,
            subject=subject,
            certificate=certificate,
            superseded_by=held.certificate,
        )
    raise CertificateUnknown(
        f"Learner {subject} has no certificate {certificate} of run {run_id}.",
        run=run_id,
        subject=subject,
        certificate=certificate,
    )


def require_identity(
    integrity: Integrity, run_id: str, subject: str, mode: Mode, now: datetime
) -> None:
    """Raise IdentityNotVerified unless the learner's identity is verified now [Open edX]."""
    if integrity.identity_holds(now):
        return
    expired = integrity.identity.expires if integrity.identity is not None else None
    why = "was not verified" if expired is None else f"was verified until {moment(expired)}"
    raise IdentityNotVerified(
        f"A certificate of run {run_id} in mode {mode} wants the learner's identity verified; that "
        f"of {subject} {why}.",
        run=run_id,
        subject=subject,
        mode=mode,
        expires=moment(expired),
        now=moment(now),
    )


def require_eligible_mode(scheduled: RunScheduled, mode: Mode | None) -> Mode:
    """Return the mode, or raise ModeNotEligible where it earns no certificate [Open edX]."""
    if mode is None or mode not in scheduled.certificate_modes:
        eligible = ", ".join(scheduled.certificate_modes) or "no mode"
        raise ModeNotEligible(
            f"Run {scheduled.run} gives a certificate in {eligible}; the learner's mode is {mode}.",
            run=scheduled.run,
            mode=mode,
            certificate_modes=list(scheduled.certificate_modes),
        )
    return mode


def require_passed(results: Results, run_id: str, subject: str) -> None:
    """Raise NotPassed unless the board or, where it has not decided, the computed grade says so."""
    if has_passed(results):
        return
    percent = None if results.grade is None else results.grade.percent
    if results.outcome is not None:
        why = f"the exam board decided {results.outcome}"
    elif percent is not None:
        why = f"the computed grade is {percent}%"
    else:
        why = "there is neither a decision of the exam board nor a computed grade"
    raise NotPassed(
        f"Learner {subject} has not passed run {run_id}: {why}.",
        run=run_id,
        subject=subject,
        outcome=results.outcome,
        percent=percent,
    )
