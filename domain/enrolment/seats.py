"""What must decisions know of a run's seats: those taken, those offered, and who waits?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never, get_args

import msgspec

from domain.catalogue.facts import OFFER_HOURS, SeatsCounted, SeatsLimited
from domain.enrolment.facts import (
    SeatOffered,
    SeatOfferLapsed,
    SeatReleased,
    SeatTaken,
    WaitlistJoined,
    WaitlistLeft,
)
from domain.kernel import StreamKind

SeatFact = (
    SeatTaken
    | SeatReleased
    | SeatsLimited
    | SeatsCounted
    | WaitlistJoined
    | WaitlistLeft
    | SeatOffered
    | SeatOfferLapsed
)


class Seats(msgspec.Struct, frozen=True):
    """The seats of a run. Not limited: nothing is counted.

    Everybody active in a run whose seats are limited and ``counted`` holds one of them, so a number
    is enough. ``number`` counts how often a limit was set; ``gone`` are those who left while the
    seats were being counted. ``waiting`` are those on the waitlist without an offer, in order;
    ``offers`` are the seats held, with the moment until which.
    """

    capacity: int | None = None
    number: int = 0
    counted: bool = False
    taken: int = 0
    gone: frozenset[str] = frozenset()
    offer_hours: int = OFFER_HOURS
    waiting: tuple[str, ...] = ()
    offers: Mapping[str, datetime] = msgspec.field(default_factory=dict)

    @property
    def held(self) -> int:
        """How many seats nobody else can have: those taken, and those offered."""
        return self.taken + len(self.offers)


def evolve_seats(state: Seats, fact: SeatFact, _at: datetime) -> Seats:
    """Take one fact in. Never refuses."""
    replace = msgspec.structs.replace
    match fact:
        case SeatTaken(subject=subject):
            taken = replace(state, taken=state.taken + 1)
            return _off_the_list(taken, subject) if state.waiting or state.offers else taken
        case SeatReleased(subject=subject):
            if not state.counted:
                return replace(state, gone=state.gone | {subject})
            return replace(state, taken=max(0, state.taken - 1))
        case WaitlistJoined(subject=subject):
            rest = _off_the_list(state, subject)
            return replace(rest, waiting=(*rest.waiting, subject))
        case SeatOffered(subject=subject, expires=expires):
            rest = _off_the_list(state, subject)
            return replace(rest, offers={**rest.offers, subject: expires})
        case SeatOfferLapsed(subject=subject) | WaitlistLeft(subject=subject):
            return _off_the_list(state, subject)
        case SeatsLimited(capacity=capacity, number=number, offer_hours=hours):
            if capacity is None or state.capacity is None:
                return Seats(capacity, number, offer_hours=hours)
            return replace(state, capacity=capacity, number=number, offer_hours=hours)
        case SeatsCounted(taken=taken_by):
            still_in = len(set(taken_by) - state.gone)
            return replace(state, counted=True, taken=still_in, gone=frozenset())
        case _:
            assert_never(fact)


def _off_the_list(state: Seats, subject: str) -> Seats:
    """Neither waiting nor offered a seat any more."""
    waiting, offers = state.waiting, state.offers
    if subject in waiting:
        waiting = tuple(one for one in waiting if one != subject)
    if subject in offers:
        offers = {one: until for one, until in offers.items() if one != subject}
    return msgspec.structs.replace(state, waiting=waiting, offers=offers)


RUN_SEATS = StreamKind("run-seats", Seats(), evolve_seats, get_args(SeatFact))
