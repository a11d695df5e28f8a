"""How are the facts of an enrolment told, each in one sentence?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.enrolment.facts import (
    AccessExpired,
    CohortJoined,
    CohortLeft,
    EnrolmentTransferred,
    LearnerEnrolled,
    LearnerWithdrawn,
    ModeChanged,
    RefundApproved,
    RefundDenied,
    SeatOffered,
    SeatOfferLapsed,
    SeatReleased,
    SeatTaken,
    WaitlistJoined,
    WaitlistLeft,
)
from domain.kernel import Fact
from read_api.sentences.words import counted

PLAIN: Mapping[type[Fact], str] = {
    SeatTaken: "Took a seat",
    CohortJoined: "Joined cohort {f.cohort}",
    CohortLeft: "Left cohort {f.cohort}",
    SeatReleased: "Gave the seat back",
    AccessExpired: "Access as an auditor ended",
    RefundApproved: "Order {f.order} is refunded",
    WaitlistJoined: "Joined the waitlist, mode {f.mode}",
    SeatOffered: "Was offered a seat, to be taken before {f.expires:%Y-%m-%d %H:%M} UTC",
    SeatOfferLapsed: "Did not take the seat in time; it was offered until "
    "{f.expires:%Y-%m-%d %H:%M} UTC",
}


def _changed_mode(fact: ModeChanged) -> str:
    said = f"Changed from mode {fact.before} to {fact.mode}"
    if fact.access_until is not None:
        said += f", with access until {fact.access_until:%Y-%m-%d}"
    return said


def _refund_denied(fact: RefundDenied) -> str:
    because = {
        "certificate": "there is a certificate",
        "window": f"the window closed on {fact.until:%Y-%m-%d}",
    }
    why = " and ".join(because[reason] for reason in fact.reasons)
    return f"Order {fact.order} is not refunded: {why}"


def _waits_no_longer(fact: WaitlistLeft) -> str:
    if fact.reason == "no-limit":
        return "Need not wait any more: seats are no longer limited"
    return "Left the waitlist"


def _enrolled(fact: LearnerEnrolled) -> str:
    said = f"Enrolled, mode {fact.mode}"
    if fact.satisfied_by is not None:
        said += f", admitted by {fact.satisfied_by}"
    if fact.afresh:
        said += ", beginning afresh"
    return said if fact.day_known else said + " (on a day that is not known)"


def _withdrawn(fact: LearnerWithdrawn) -> str:
    if fact.violation is not None:
        return f"The enrolment was ended by violation {fact.violation}"
    return "Withdrew" if fact.reason is None else "Withdrew, with a reason"


def _transferred(fact: EnrolmentTransferred) -> str:
    way = f"to {fact.to_run}" if fact.direction == "out" else f"from {fact.from_run}"
    return f"Transferred {way}, carrying {counted(len(fact.carried), 'result')}"


TELLERS: Mapping[type[Fact], Callable[[Any], str]] = {
    ModeChanged: _changed_mode,
    RefundDenied: _refund_denied,
    WaitlistLeft: _waits_no_longer,
    LearnerEnrolled: _enrolled,
    LearnerWithdrawn: _withdrawn,
    EnrolmentTransferred: _transferred,
}
