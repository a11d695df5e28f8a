"""Who gets a certificate?"""

from __future__ import annotations

import uuid

from domain.catalogue.facts import Mode, RunScheduled
from domain.grading.rules import has_passed
from domain.grading.state import Results
from domain.kernel import Refusal

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


class CertificateIsRevoked(Refusal):
    """One certificate is issued per enrolment [Open edX]. This one was revoked, with a reason; it
    is not issued a second time by asking again."""

    rule = "certificate-revoked"
    title = "The certificate was revoked"


class CertificateUnknown(Refusal):
    """The enrolment has no certificate with this identifier, so there is nothing to revoke."""

    rule = "certificate-unknown"
    title = "There is no such certificate"


def certificate_id(tenant: str, run: str, subject: str) -> str:
    """Return the id of the one certificate of an enrolment: the same whenever it is asked for."""
    return str(uuid.uuid5(CERTIFICATE_NAMESPACE, f"{tenant}/{run}/{subject}"))


def require_eligible_mode(scheduled: RunScheduled, mode: Mode | None) -> Mode:
    """Return the mode, or raise ModeNotEligible where it earns no certificate."""
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
