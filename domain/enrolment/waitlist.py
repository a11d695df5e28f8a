"""Who gets a seat of a full run that becomes free?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.catalogue.state import Run
from domain.enrolment.facts import SeatOffered, SeatOfferLapsed, SeatReleased, WaitlistLeft
from domain.enrolment.seats import Seats, evolve_seats
from domain.kernel import Refusal
from domain.wording import moment, moment_or

WAITING_MAX = 1_000


class SeatFree(Refusal):
    """A waitlist is for a full run. This one has a seat that anybody may take, or no limit on its
    seats: enrol with `enrol-learner`."""

    rule = "seat-free"
    title = "The run is not full"


class WaitlistFull(Refusal):
    """So many wait for a seat already that there is no use in waiting behind them. A waitlist holds
    at most 1,000 learners."""

    rule = "waitlist-full"
    title = "The waitlist is full"


class OfferLapsed(Refusal):
    """A seat was offered to the learner until a moment that has come: windows are half-open, `now <
    expires`. It goes to the next on the waitlist. Joining again is joining at the end."""

    rule = "offer-lapsed"
    title = "The seat was offered until then"


def require_full(seats: Seats, run_id: str) -> None:
    """Raise SeatFree where the learner could enrol instead."""
    capacity = seats.capacity
    if capacity is None or (seats.held < capacity and not seats.waiting):
        raise SeatFree(
            f"Run {run_id} is not full: enrol instead.",
            run=run_id,
            capacity=capacity,
            taken=seats.taken,
            offered=len(seats.offers),
        )


def require_room(seats: Seats, run_id: str) -> None:
    """Raise WaitlistFull where too many wait."""
    if len(seats.waiting) >= WAITING_MAX:
        raise WaitlistFull(
            f"{len(seats.waiting):,} learners wait for a seat in run {run_id} already.",
            run=run_id,
            waiting=len(seats.waiting),
            waiting_max=WAITING_MAX,
        )


def require_standing_offer(expires: datetime, run_id: str, now: datetime) -> None:
    """Raise OfferLapsed unless now < expires."""
    if now >= expires:
        raise OfferLapsed(
            f"A seat in run {run_id} was offered until {moment_or(expires, '')}; "
            f"it is {moment_or(now, '')}.",
            run=run_id,
            expires=moment(expires),
            now=moment(now),
        )


def offers(seats: Seats, run: Run, now: datetime) -> Iterator[SeatOffered]:
    """Yield an offer of each free seat to the head of the waitlist: first in, first offered.

    An offer ends with the window of enrolments at the latest, and outside it there are none; nor in
    an archived run, nor while seats are being counted.
    """
    early = run.opens is not None and now < run.opens
    late = run.closes is not None and now >= run.closes
    if seats.capacity is None or not seats.counted or run.archived or early or late:
        return
    expires = now + timedelta(hours=seats.offer_hours)
    if run.closes is not None:
        expires = min(expires, run.closes)
    for subject in seats.waiting[: max(0, seats.capacity - seats.held)]:
        yield SeatOffered(subject, expires)


Freed = SeatReleased | SeatOfferLapsed | WaitlistLeft


def released(
    seats: Seats, run: Run, subject: str, now: datetime
) -> Iterator[SeatReleased | SeatOffered]:
    """Yield that a learner gave their seat back, and to whom it is offered then."""
    given_back = SeatReleased(subject)
    yield given_back
    yield from offers_after(given_back, seats, run, now)


def offers_after(freed: Freed, seats: Seats, run: Run, now: datetime) -> Iterator[SeatOffered]:
    """Yield the offers that follow from a fact that may have freed a seat."""
    if seats.waiting:
        yield from offers(evolve_seats(seats, freed, now), run, now)
