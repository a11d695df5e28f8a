"""What is kept of one learner in one run?"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Violation(Struct, frozen=True, gc=False, omit_defaults=True):
    """What was reported against the learner: ``finding`` is reported, upheld or dismissed."""

    violation: str
    kind: str
    item: str | None = None
    attempt: str | None = None
    reported_at: datetime | None = None
    finding: str = "reported"
    decided_at: datetime | None = None
    consequences: tuple[str, ...] = ()


class Refund(Struct, frozen=True, gc=False):
    """What was decided about an order's money; ``reasons`` where it is not given back."""

    order: str
    approved: bool
    ordered_at: datetime
    until: datetime
    decided_at: datetime
    reasons: tuple[str, ...] = ()


class Enrolment(Struct, frozen=True, gc=False):
    """One learner in one run.

    ``status`` is active, withdrawn or transferred, and unknown where the facts at hand do not say
    how it began. ``outcome`` is the board's, or what was computed while the board has not decided
    (``outcome_basis``). ``enrolled_fact`` is the id that ``demographics`` are sealed with.
    ``began_position`` is where the learner last began from nothing, ``began_at`` when they first
    enrolled since. ``version`` is that of the enrolment's stream. ``certificate_bars`` are the
    violations that bar a certificate, an empty text among them for a bar of its own. Access ends at
    ``access_until`` (None: never), and did at ``access_expired_at``.
    """

    run: str
    subject: str
    status: str = "unknown"
    mode: str | None = None
    enrolled_at: datetime | None = None
    day_known: bool = True
    withdrawn_at: datetime | None = None
    outcome: str | None = None
    outcome_at: datetime | None = None
    outcome_basis: str | None = None
    percent: int | None = None
    letter: str | None = None
    certificate: str | None = None
    demographics: str | None = None
    enrolled_fact: str | None = None
    began_position: int = 0
    last_occurred_at: datetime | None = None
    position: int = 0
    version: int = 0
    began_at: datetime | None = None
    cohorts: tuple[str, ...] = ()
    certificate_allowed: bool = False
    certificate_bars: tuple[str, ...] = ()
    honor_code: str | None = None
    identity_verified_at: datetime | None = None
    identity_expires: datetime | None = None
    violations: tuple[Violation, ...] = ()
    access_until: datetime | None = None
    access_expired_at: datetime | None = None
    refunds: tuple[Refund, ...] = ()
    unlocked: tuple[str, ...] = ()
    waived: tuple[str, ...] = ()
