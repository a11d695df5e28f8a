"""On which terms is a learner in a run: how, until when, and may they have their money back?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from domain.catalogue.facts import Mode
from domain.catalogue.state import Run
from domain.enrolment.facts import RefundApproved, RefundDenied
from domain.enrolment.rules import require_active
from domain.enrolment.state import Enrolment
from domain.kernel import Refusal
from domain.wording import moment, moment_or

AUDIT: Mode = "audit"
ACCESS_WEEKS_MIN, ACCESS_WEEKS_MAX = 4, 18


class AccessHasExpired(Refusal):
    """A run may say in how many weeks it can be completed. Who audits it then has access until
    `max(enrolled, start) + clamp(weeks to complete, 4 weeks, 18 weeks)` [Open edX], counted from
    the first time that they enrolled. After that they may open no item, watch nothing and hand in
    nothing; what they did stays, and in another mode (`change-mode`) they go on."""

    rule = "access-expired"
    title = "Access to the run has expired"


class RunHasEnded(Refusal):
    """The mode in which a learner takes a run can be changed while it lasts, `now < ends`; what was
    earned after that is earned in the mode that it was."""

    rule = "run-ended"
    title = "The run has ended"


def access_until(run: Run, mode: Mode, began_at: datetime) -> datetime | None:
    """Return from when a learner who first enrolled then has no access [Open edX]; None: never."""
    weeks = None if run.scheduled is None else run.scheduled.weeks_to_complete
    if weeks is None or mode != AUDIT:
        return None
    begins = began_at if run.starts is None else max(began_at, run.starts)
    return begins + timedelta(weeks=min(max(weeks, ACCESS_WEEKS_MIN), ACCESS_WEEKS_MAX))


def open_until(
    run: Run, run_id: str, subject: str, mode: Mode, began_at: datetime, now: datetime
) -> datetime | None:
    """Return until when a learner who comes in this mode has access, or raise AccessHasExpired."""
    until = access_until(run, mode, began_at)
    if until is not None and now >= until:
        raise _expired(run_id, subject, until)
    return until


def require_access(enrolment: Enrolment, run_id: str, subject: str) -> None:
    """Raise NotEnrolled or AccessHasExpired where the learner may not use the run's content."""
    require_active(enrolment, run_id, subject)
    if enrolment.expired is not None:
        raise _expired(run_id, subject, enrolment.expired)


def _expired(run_id: str, subject: str, until: datetime) -> AccessHasExpired:
    return AccessHasExpired(
        f"Learner {subject} had access to run {run_id} as an auditor until {moment_or(until, '')}.",
        run=run_id,
        subject=subject,
        access_until=moment(until),
    )


def require_lasting(run: Run, run_id: str, now: datetime) -> None:
    """Raise RunHasEnded unless now < ends."""
    if run.ends is not None and now >= run.ends:
        raise RunHasEnded(
            f"Run {run_id} ended at {moment_or(run.ends, '')}.", run=run_id, ends=moment(run.ends)
        )


def refund(
    enrolment: Enrolment, run: Run, order: str, ordered_at: datetime, now: datetime
) -> RefundApproved | RefundDenied:
    """Decide about a refund: there was no certificate, and the window is open [Open edX].

    The window is half-open, ``now < until``, and counted from the later of order and run start.
    Whether the learner has withdrawn does not matter.
    """
    days = 0 if run.scheduled is None else run.scheduled.refund_days
    begins = ordered_at if run.starts is None else max(ordered_at, run.starts)
    until = begins + timedelta(days=days)
    reasons: list[Literal["certificate", "window"]] = []
    if enrolment.credentials.certificate is not None:
        reasons.append("certificate")
    if now >= until:
        reasons.append("window")
    if reasons:
        return RefundDenied(order, ordered_at, until, tuple(reasons))
    return RefundApproved(order, ordered_at, until)
