"""What happens between a learner and a run?"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from domain.catalogue.facts import ItemDue, Mode
from domain.kernel import Fact, Personal


class Demographics(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a learner told about themselves when enrolling; unknown stays None."""

    gender: str | None = None
    region: str | None = None
    highest_education: str | None = None
    imd_band: str | None = None
    age_band: str | None = None
    disability: bool | None = None
    previous_attempts: int | None = None
    studied_credits: int | None = None


class LearnerEnrolled(Fact, frozen=True, omit_defaults=True):
    """A learner is in a run.

    ``satisfied_by`` is the id of the run whose result met the prerequisite. ``day_known`` is False
    where the source did not know when it happened, and the time is only a bound. ``afresh`` says
    that a learner who had left begins from nothing, because the run does not carry progress over.
    ``access_until`` is from when on they have no access in this mode; None: it does not expire.
    ``scores_missing``: the run's policy gives work that is missing when it falls due a score;
    ``missing_from`` is then when each item falls due whose date counts from the enrolment.
    """

    mode: Mode
    seat: bool = False
    satisfied_by: str | None = None
    day_known: bool = True
    afresh: bool = False
    demographics: Personal[Demographics] | None = None
    access_until: datetime | None = None
    missing_from: tuple[ItemDue, ...] = ()
    scores_missing: bool = False


class LearnerWithdrawn(Fact, frozen=True, omit_defaults=True):
    """The learner left the run; what was achieved stays in the record. ``violation`` is the upheld
    one that ended the enrolment; None: they went by themselves."""

    reason: Personal[str] | None = None
    violation: str | None = None


class ModeChanged(Fact, frozen=True, omit_defaults=True):
    """The learner takes the run in another mode from now on; ``access_until`` as in enrolling."""

    before: Mode
    mode: Mode
    access_until: datetime | None = None


class AccessExpired(Fact, frozen=True):
    """The time for which the learner could audit the run is over; what they did stays."""

    access_until: datetime


class RefundApproved(Fact, frozen=True):
    """What was paid with an order is given back: asked for in time (before ``until``), and there is
    no certificate."""

    order: str
    ordered_at: datetime
    until: datetime


class RefundDenied(Fact, frozen=True):
    """What was paid with an order is not given back. ``reasons``: there was a certificate, the
    window had closed (at ``until``), or both."""

    order: str
    ordered_at: datetime
    until: datetime
    reasons: tuple[Literal["certificate", "window"], ...]


class EnrolmentTransferred(Fact, frozen=True):
    """The learner moved between runs, with the items whose results were carried ("banked").

    Recorded in both enrolments: ``direction`` says which one this is.
    """

    direction: Literal["in", "out"]
    from_run: str
    to_run: str
    carried: tuple[str, ...]


class CohortJoined(Fact, frozen=True):
    """The learner belongs to a cohort of the run: a group with due dates of its own."""

    cohort: str


class CohortLeft(Fact, frozen=True):
    """The learner belongs to the cohort no more."""

    cohort: str


class SeatTaken(Fact, frozen=True):
    """A learner took one of a limited run's seats."""

    subject: str


class SeatReleased(Fact, frozen=True):
    """A learner gave a seat of a limited run back."""

    subject: str


class WaitlistJoined(Fact, frozen=True):
    """A learner waits for a seat of a full run, behind those who joined before."""

    subject: str
    mode: Mode


class WaitlistLeft(Fact, frozen=True, omit_defaults=True):
    """A learner waits no longer, and gives back a seat that was offered.

    ``reason``: they left, or the run's seats are no longer limited and nobody need wait.
    """

    subject: str
    reason: Literal["left", "no-limit"] = "left"


class SeatOffered(Fact, frozen=True):
    """A free seat is held for the head of the waitlist, who may take it while now < ``expires``."""

    subject: str
    expires: datetime


class SeatOfferLapsed(Fact, frozen=True):
    """The learner did not take the seat in time; it is no longer held, and they wait no longer."""

    subject: str
    expires: datetime
