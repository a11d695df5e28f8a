"""How may a learner take a run, until when, and do they get their money back?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.catalogue.facts import RunArchived, RunRescheduled
from domain.catalogue.rules import RunIsArchived, RunUnknown
from domain.credentials.facts import CertificateIssued
from domain.due import NotDue
from domain.enrolment.facts import (
    AccessExpired,
    LearnerEnrolled,
    LearnerWithdrawn,
    ModeChanged,
    RefundApproved,
    RefundDenied,
)
from domain.enrolment.rules import ModeNotOffered, NotEnrolled
from domain.enrolment.terms import AccessHasExpired, RunHasEnded
from domain.kernel import Fact
from tests.given import (
    COURSE_FACT,
    ENROLLED,
    LEARNER,
    NOON,
    PAGE,
    RUN_ID,
    TMA,
    VIDEO,
    Record,
    content,
    day,
    given,
    placed,
    run,
)

WEEK = timedelta(weeks=1)
INSTANT = timedelta(microseconds=1)


def lasting(weeks: int | None = 8, **more: Any) -> tuple[Fact, ...]:
    return (COURSE_FACT, run(weeks_to_complete=weeks, **more), content(TMA, VIDEO, PAGE))


def test_a_learner_changes_mode() -> None:
    """To one that the run offers, while it lasts; to the same is no change."""
    record = given(*ENROLLED)
    record.when("change-mode", **LEARNER, mode="verified").nothing()
    record.when("change-mode", **LEARNER, mode="golden").refused(ModeNotOffered)
    record.when("change-mode", day(269, 0), **LEARNER, mode="audit").refused(
        RunHasEnded, ends="2014-06-27T00:00:00Z"
    )
    record.when("change-mode", day(269, 0) - INSTANT, **LEARNER, mode="audit").then(
        ModeChanged("verified", "audit")
    )
    record.when("change-mode", **LEARNER, mode="audit").nothing()
    given().when("change-mode", **LEARNER, mode="audit").refused(RunUnknown)
    given(*ENROLLED, LearnerWithdrawn()).when("change-mode", **LEARNER, mode="audit").refused(
        NotEnrolled
    )
    given(*ENROLLED, RunArchived(RUN_ID)).when("change-mode", **LEARNER, mode="audit").refused(
        RunIsArchived
    )


@pytest.mark.parametrize(
    ("weeks", "enrolled", "until"),
    [
        (8, day(10), day(10) + 8 * WEEK),
        (8, day(-30), day(0, 0) + 8 * WEEK),
        (1, day(10), day(10) + 4 * WEEK),
        (52, day(10), day(10) + 18 * WEEK),
        (None, day(10), None),
    ],
)
def test_who_audits_has_access_for_a_time(
    weeks: int | None, enrolled: datetime, until: datetime | None
) -> None:
    """max(enrolled, start) + clamp(weeks to complete, 4 weeks, 18 weeks). Source: [Open edX]."""
    given(*lasting(weeks)).when("enrol-learner", enrolled, **LEARNER).then(
        LearnerEnrolled("audit", access_until=until)
    )
    given(*lasting(weeks)).when("enrol-learner", enrolled, **LEARNER, mode="verified").then(
        LearnerEnrolled("verified")
    )


def expired() -> Record:
    """A learner whose access has ended after four weeks."""
    record = given(*lasting(1))
    record.when("enrol-learner", day(0, 0), **LEARNER)
    record.when("expire-access", day(28, 0), **LEARNER).then(AccessExpired(day(28, 0)))
    return record


def test_access_expires_at_its_moment() -> None:
    """Not before, and once; not of who left or changed mode [Open edX]."""
    record = given(*lasting(1))
    record.when("enrol-learner", day(0, 0), **LEARNER)
    record.when("expire-access", day(28, 0) - INSTANT, **LEARNER).refused(
        NotDue, due="2013-10-29T00:00:00Z"
    )
    expired().when("expire-access", day(29), **LEARNER).nothing()
    record.when("change-mode", **LEARNER, mode="verified").then(ModeChanged("audit", "verified"))
    record.when("expire-access", day(29), **LEARNER).nothing()
    given(*lasting(1)).when("expire-access", **LEARNER).nothing()
    given(*ENROLLED).when("expire-access", **LEARNER).nothing()


def test_a_run_that_is_moved_gives_time_and_takes_none() -> None:
    """Put off, access ends as late as it would for who enrolled now; brought forward, as said."""
    record = given(*lasting(4))
    record.when("enrol-learner", day(-9), **LEARNER)
    record.take(RunRescheduled(RUN_ID, day(7, 0), day(269), None, None))
    record.when("expire-access", day(28, 0), **LEARNER).refused(NotDue, due="2013-11-05T00:00:00Z")
    record.take(RunRescheduled(RUN_ID, day(-20, 0), day(269), None, None))
    record.when("expire-access", day(27, 0), **LEARNER).refused(NotDue, due="2013-10-29T00:00:00Z")
    record.when("expire-access", day(28, 0), **LEARNER).then(AccessExpired(day(28, 0)))


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("view-item", {"item": "546614"}),
        ("submit-work", {"item": "1752", "attempt": "1"}),
        ("watch-video", {"item": "v1", "start_ms": 0, "end_ms": 900, "session": "s"}),
    ],
)
def test_who_has_no_access_uses_nothing(command: str, body: dict[str, Any]) -> None:
    """They open no item, watch nothing, hand in nothing; in another mode they go on."""
    record = expired()
    record.when(command, day(29), **LEARNER, **body).refused(
        AccessHasExpired, access_until="2013-10-29T00:00:00Z"
    )
    record.when("change-mode", day(29), **LEARNER, mode="verified").then(
        ModeChanged("audit", "verified")
    )
    assert record.when(command, day(29), **LEARNER, **body).facts
    record.when("change-mode", day(30), **LEARNER, mode="audit").refused(AccessHasExpired)


def test_access_is_not_had_anew_by_leaving() -> None:
    """It counts from the first time, unless the run lets who comes back begin from nothing."""
    record = expired()
    record.when("withdraw-learner", day(29), **LEARNER).then(LearnerWithdrawn())
    record.when("enrol-learner", day(30), **LEARNER).refused(AccessHasExpired)
    record.when("enrol-learner", day(30), **LEARNER, mode="verified").then(
        LearnerEnrolled("verified")
    )
    early = given(*lasting(1))
    early.when("enrol-learner", day(0, 0), **LEARNER)
    early.when("withdraw-learner", day(1), **LEARNER)
    early.when("enrol-learner", day(2), **LEARNER).then(
        LearnerEnrolled("audit", access_until=day(28, 0))
    )
    afresh = given(*lasting(1, carry_progress=False))
    afresh.when("enrol-learner", day(0, 0), **LEARNER)
    afresh.when("withdraw-learner", day(40), **LEARNER)
    afresh.when("enrol-learner", day(50), **LEARNER).then(
        LearnerEnrolled("audit", afresh=True, access_until=day(78))
    )


def test_a_transfer_gives_the_time_of_the_run_that_is_entered() -> None:
    """Counted from when they come."""
    there = run("AAA-2014J", weeks_to_complete=6)
    record = given(*lasting(None), there, placed(LearnerEnrolled("audit")))
    answer = record.when(
        "transfer-enrolment", subject=LEARNER["subject"], from_run=RUN_ID, to_run="AAA-2014J"
    )
    assert LearnerEnrolled("audit", access_until=NOON + 6 * WEEK) in answer.facts


ORDER = {**LEARNER, "order": "o1"}
CERTIFICATE = CertificateIssued("c1", "AAA", "verified", "board", "pass", None)


@pytest.mark.parametrize("ordered", [day(-20), day(3)])
def test_a_refund_is_in_time_or_not(ordered: datetime) -> None:
    """Within the window, counted from the later of order and run start. Source: [Open edX]."""
    until = max(ordered, day(0, 0)) + timedelta(days=14)
    body = {**ORDER, "ordered_at": ordered.isoformat()}
    given(*ENROLLED).when("decide-refund", until - INSTANT, **body).then(
        RefundApproved("o1", ordered, until)
    )
    given(*ENROLLED).when("decide-refund", until, **body).then(
        RefundDenied("o1", ordered, until, ("window",))
    )


def test_a_refund_is_decided_once_and_by_itself() -> None:
    """Never by withdrawing [Open edX does that], and not where there is a certificate."""
    body = {**ORDER, "ordered_at": day(1).isoformat()}
    until = day(15)
    given(*ENROLLED).when("withdraw-learner", day(2), **LEARNER).then(LearnerWithdrawn())
    record = given(*ENROLLED, LearnerWithdrawn())
    record.when("decide-refund", day(2), **body).then(RefundApproved("o1", day(1), until))
    record.when("decide-refund", day(99), **body).nothing()
    record.when("decide-refund", day(99), **(body | {"order": "o2"})).then(
        RefundDenied("o2", day(1), until, ("window",))
    )
    certified = given(*ENROLLED, CERTIFICATE)
    certified.when("decide-refund", day(2), **body).then(
        RefundDenied("o1", day(1), until, ("certificate",))
    )
    certified.when("decide-refund", until, **(body | {"order": "o2"})).then(
        RefundDenied("o2", day(1), until, ("certificate", "window"))
    )
    given(*ENROLLED[:-1]).when("decide-refund", day(2), **body).refused(NotEnrolled)


def test_the_run_says_how_long_money_is_given_back() -> None:
    """Where it says nothing, 14 days; none at all is a window that never opens."""
    never = given(COURSE_FACT, run(refund_days=0), LearnerEnrolled("audit"))
    never.when("decide-refund", day(1), **ORDER, ordered_at=day(1).isoformat()).then(
        RefundDenied("o1", day(1), day(1), ("window",))
    )
