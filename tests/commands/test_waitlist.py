"""Who gets a seat of a full run that becomes free? First in, first offered, and none is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain.catalogue.facts import (
    Prerequisite,
    PrerequisiteSet,
    RunArchived,
    RunRescheduled,
    SeatsCounted,
    SeatsLimited,
)
from domain.catalogue.rules import RunIsArchived, RunUnknown
from domain.due import NotDue
from domain.enrolment.facts import (
    EnrolmentTransferred,
    LearnerEnrolled,
    LearnerWithdrawn,
    SeatOffered,
    SeatOfferLapsed,
    SeatReleased,
    SeatTaken,
    WaitlistJoined,
    WaitlistLeft,
)
from domain.enrolment.rules import (
    AlreadyEnrolled,
    ModeNotOffered,
    PrerequisiteUnmet,
    RunFull,
    SeatsBeingCounted,
    WindowClosed,
)
from domain.enrolment.seats import Seats
from domain.enrolment.waitlist import WAITING_MAX, OfferLapsed, SeatFree, WaitlistFull
from tests.given import COURSE_FACT, NOON, RUN_ID, Record, day, given, placed, run

NEXT = "AAA-2014J"
SEATS = f"main/run-seats/{RUN_ID}"
UNTIL = NOON + timedelta(hours=48)
FULL = (
    COURSE_FACT,
    run(capacity=1),
    SeatsLimited(RUN_ID, 1),
    SeatsCounted(RUN_ID, (), 0),
    placed(LearnerEnrolled("audit", seat=True), subject="in"),
    SeatTaken("in"),
)
"""A run with one seat, which is taken."""
WAITING = (*FULL, WaitlistJoined("first", "audit"), WaitlistJoined("second", "audit"))
OFFERED = (
    *WAITING,
    placed(LearnerWithdrawn(), subject="in"),
    SeatReleased("in"),
    SeatOffered("first", UNTIL),
)
"""The seat was given back and is held for the first of two who wait."""


def who(subject: str, **more: Any) -> dict[str, Any]:
    return {"run": RUN_ID, "subject": subject, **more}


def test_a_withdrawal_offers_the_seat_to_the_head() -> None:
    """For a set time. Source: rules.md, waitlist (first in, first offered)."""
    given(*WAITING).when("withdraw-learner", **who("in")).then(
        LearnerWithdrawn(), SeatReleased("in"), SeatOffered("first", UNTIL)
    )


def test_an_offered_seat_is_a_held_seat() -> None:
    """Nobody else gets it: not who asks, nor the next on the list."""
    record = given(*OFFERED)
    for other in ("second", "stranger"):
        record.when("enrol-learner", **who(other)).refused(RunFull, taken=0, offered=1)


def test_accepting_is_enrolling() -> None:
    """While now < expires: the very moment is too late."""
    instant = timedelta(microseconds=1)
    given(*OFFERED).when("enrol-learner", UNTIL, **who("first")).refused(OfferLapsed)
    record = given(*OFFERED).when("enrol-learner", UNTIL - instant, **who("first"))
    after = record.then(LearnerEnrolled("audit", seat=True), SeatTaken("first"))
    assert after.states[SEATS] == Seats(1, 1, counted=True, taken=1, waiting=("second",), offers={})
    after.when("lapse-offer", UNTIL, **who("first")).nothing()


def test_an_offer_that_lapses_moves_on() -> None:
    """To the next, whose time begins then, however late that is; who did not come waits no more."""
    record = given(*OFFERED)
    record.when("lapse-offer", UNTIL - timedelta(seconds=1), **who("first")).refused(
        NotDue, due="2013-10-22T12:00:00Z"
    )
    late = UNTIL + timedelta(days=7)
    record.when("lapse-offer", late, **who("first")).then(
        SeatOfferLapsed("first", UNTIL), SeatOffered("second", late + timedelta(hours=48))
    )
    record.when("lapse-offer", late, **who("first")).nothing()
    record.when("join-waitlist", late, **who("first")).then(WaitlistJoined("first", "audit"))


def test_declining_moves_on_at_once() -> None:
    """And so does leaving from the middle, which frees nothing."""
    given(*OFFERED).when("leave-waitlist", **who("first")).then(
        WaitlistLeft("first"), SeatOffered("second", UNTIL)
    )
    given(*WAITING).when("leave-waitlist", **who("second")).then(WaitlistLeft("second"))
    given(*WAITING).when("leave-waitlist", **who("stranger")).nothing()
    given().when("leave-waitlist", **who("first")).refused(RunUnknown)


def test_with_nobody_waiting_a_seat_is_free_again() -> None:
    """The last offer lapsed: whoever asks gets it."""
    record = given(*OFFERED).take(WaitlistLeft("second"))
    record.when("lapse-offer", UNTIL, **who("first")).then(SeatOfferLapsed("first", UNTIL))
    record.when("enrol-learner", UNTIL, **who("stranger")).then(
        LearnerEnrolled("audit", seat=True), SeatTaken("stranger")
    )


def test_more_seats_go_to_those_who_wait() -> None:
    """In their order, each its own offer; what is left is for anybody."""
    record = given(*WAITING)
    record.when("limit-seats", run=RUN_ID, capacity=2, offer_hours=1).then(
        SeatsLimited(RUN_ID, 2, 2, 1), SeatOffered("first", NOON + timedelta(hours=1))
    )
    record.when("limit-seats", run=RUN_ID, capacity=9).then(
        SeatsLimited(RUN_ID, 9, 3, 1), SeatOffered("second", NOON + timedelta(hours=1))
    )
    record.when("enrol-learner", **who("stranger")).then(
        LearnerEnrolled("audit", seat=True), SeatTaken("stranger")
    )


def test_fewer_seats_keep_offers_and_make_none() -> None:
    """What was promised holds; the next one waits until it fits again."""
    record = given(*OFFERED)
    record.when("limit-seats", run=RUN_ID, capacity=0).then(SeatsLimited(RUN_ID, 0, 2))
    record.when("enrol-learner", **who("first")).then(
        LearnerEnrolled("audit", seat=True), SeatTaken("first")
    )
    record.when("withdraw-learner", **who("first")).then(LearnerWithdrawn(), SeatReleased("first"))


def test_without_a_limit_nobody_need_wait() -> None:
    """Each is told so, whether waiting or offered a seat; and then they enrol."""
    record = given(*OFFERED)
    record.when("limit-seats", run=RUN_ID, capacity=None).then(
        SeatsLimited(RUN_ID, None, 2),
        WaitlistLeft("first", "no-limit"),
        WaitlistLeft("second", "no-limit"),
    )
    record.when("enrol-learner", **who("second")).then(LearnerEnrolled("audit"))
    record.when("join-waitlist", **who("third")).refused(SeatFree, capacity=None)


def test_joining_is_checked_like_enrolling() -> None:
    """In the same order [Open edX], with the seat last: a waitlist is for a full run."""
    wrong = who("first", mode="golden")
    needs = PrerequisiteSet("AAA", Prerequisite("BBB"))
    closed = run(capacity=1, opens=day(30), closes=day(40))
    given(needs).when("join-waitlist", **wrong).refused(RunUnknown)
    record = given(COURSE_FACT, closed, needs, SeatsLimited(RUN_ID, 1))
    given(*FULL).when("join-waitlist", **who("in", mode="verified")).refused(AlreadyEnrolled)
    given(*FULL).when("join-waitlist", **who("in")).nothing()
    given(*FULL, RunArchived(RUN_ID)).when("join-waitlist", **wrong).refused(RunIsArchived)
    record.when("join-waitlist", **wrong).refused(WindowClosed)
    record.when("join-waitlist", day(30), **wrong).refused(PrerequisiteUnmet)
    record.take(PrerequisiteSet("AAA", None))
    record.when("join-waitlist", day(30), **wrong).refused(ModeNotOffered)
    record.when("join-waitlist", day(30), **who("first")).refused(SeatsBeingCounted)
    record.take(SeatsCounted(RUN_ID, (), 1))
    record.when("join-waitlist", day(30), **who("first")).refused(SeatFree, taken=0)
    record.take(SeatTaken("in"))
    record.when("join-waitlist", day(30), **who("first")).then(WaitlistJoined("first", "audit"))
    record.when("join-waitlist", day(30), **who("first")).nothing()


def test_a_waitlist_has_an_end() -> None:
    """Joining at the end of a thousand is refused."""
    many = [WaitlistJoined(f"s{number}", "audit") for number in range(WAITING_MAX)]
    given(*FULL, *many).when("join-waitlist", **who("late")).refused(
        WaitlistFull, waiting=WAITING_MAX
    )


def test_an_offer_ends_with_the_window() -> None:
    """What could not be accepted is not offered: outside the window nobody is offered anything,
    and when it opens anew, who waits comes first."""
    record = given(*WAITING).take(
        RunRescheduled(RUN_ID, day(0), day(99), None, NOON + timedelta(hours=5))
    )
    record.when("withdraw-learner", **who("in")).then(
        LearnerWithdrawn(), SeatReleased("in"), SeatOffered("first", NOON + timedelta(hours=5))
    )
    closed = NOON + timedelta(hours=5)
    record.when("lapse-offer", closed, **who("first")).then(SeatOfferLapsed("first", closed))
    record.when("offer-seats", closed, run=RUN_ID).nothing()
    record.take(RunRescheduled(RUN_ID, day(0), day(99), day(30), None))
    record.when("offer-seats", day(29), run=RUN_ID).nothing()
    record.when("enrol-learner", day(30), **who("stranger")).refused(RunFull, waiting=1)
    record.when("offer-seats", day(30), run=RUN_ID).then(
        SeatOffered("second", day(30) + timedelta(hours=48))
    )
    record.when("offer-seats", day(30), run=RUN_ID).nothing()


def test_an_archived_run_offers_nothing() -> None:
    """A seat that is given back stays free."""
    given(*WAITING, RunArchived(RUN_ID)).when("withdraw-learner", **who("in")).then(
        LearnerWithdrawn(), SeatReleased("in")
    )


def test_a_transfer_offers_the_seat_and_takes_the_one_offered() -> None:
    """In the run that is left, and in the one that is entered."""
    record = given(*WAITING, run(NEXT)).when(
        "transfer-enrolment", subject="in", from_run=RUN_ID, to_run=NEXT
    )
    assert [entry.fact for entry in record.decided if entry.stream == SEATS] == [
        SeatReleased("in"),
        SeatOffered("first", UNTIL),
    ]
    other = given(*OFFERED, run(NEXT), placed(LearnerEnrolled("audit"), run=NEXT, subject="first"))
    answer = other.when("transfer-enrolment", subject="first", from_run=NEXT, to_run=RUN_ID)
    assert SeatTaken("first") in answer.facts
    assert EnrolmentTransferred("in", NEXT, RUN_ID, ()) in answer.facts


class Model(RuleBasedStateMachine):
    """Seats and waitlist beside a plain model: a list of who is in, a list of who waits, and a list
    of offers with the minute at which they end. After each step they are the same."""

    SUBJECTS = tuple(f"s{number}" for number in range(7))

    @initialize(capacity=st.integers(0, 3), hours=st.integers(1, 3))
    def begin(self, capacity: int, hours: int) -> None:
        self.record = given(
            COURSE_FACT,
            run(capacity=capacity),
            SeatsLimited(RUN_ID, capacity, 1, hours),
            SeatsCounted(RUN_ID, (), 0),
        )
        self.capacity, self.minutes, self.now = capacity, hours * 60, 0
        self.inside: list[str] = []
        self.waiting: list[str] = []
        self.offers: list[tuple[str, int]] = []
        self.excess = 0

    def send(self, name: str, **body: Any) -> bool:
        at = NOON + timedelta(minutes=self.now)
        return bool(self.record.when(name, at, run=RUN_ID, **body).facts)

    def move_on(self) -> None:
        """Give what is free to who waits longest."""
        while self.waiting and len(self.inside) + len(self.offers) < self.capacity:
            self.offers.append((self.waiting.pop(0), self.now + self.minutes))

    @rule(subject=st.sampled_from(SUBJECTS))
    def enrol(self, subject: str) -> None:
        until = dict(self.offers).get(subject)
        free = len(self.inside) + len(self.offers) < self.capacity and not self.waiting
        may = subject not in self.inside and (self.now < until if until is not None else free)
        assert self.send("enrol-learner", subject=subject) == may
        if may:
            self.offers = [one for one in self.offers if one[0] != subject]
            self.inside.append(subject)

    @rule(subject=st.sampled_from(SUBJECTS))
    def withdraw(self, subject: str) -> None:
        may = subject in self.inside
        assert self.send("withdraw-learner", subject=subject) == may
        if may:
            self.inside.remove(subject)
            self.move_on()

    @rule(subject=st.sampled_from(SUBJECTS))
    def join(self, subject: str) -> None:
        known = subject in (*self.inside, *self.waiting, *dict(self.offers))
        full = bool(self.waiting) or len(self.inside) + len(self.offers) >= self.capacity
        assert self.send("join-waitlist", subject=subject) == (full and not known)
        if full and not known:
            self.waiting.append(subject)

    @rule(subject=st.sampled_from(SUBJECTS))
    def leave(self, subject: str) -> None:
        may = subject in (*self.waiting, *dict(self.offers))
        assert self.send("leave-waitlist", subject=subject) == may
        self.waiting = [one for one in self.waiting if one != subject]
        self.offers = [one for one in self.offers if one[0] != subject]
        self.move_on()

    @rule(subject=st.sampled_from(SUBJECTS))
    def lapse(self, subject: str) -> None:
        until = dict(self.offers).get(subject)
        may = until is not None and self.now >= until
        assert self.send("lapse-offer", subject=subject) == may
        if may:
            self.offers = [one for one in self.offers if one[0] != subject]
            self.move_on()

    @rule(capacity=st.integers(0, 4))
    def limit(self, capacity: int) -> None:
        assert self.send("limit-seats", capacity=capacity) == (capacity != self.capacity)
        self.capacity = capacity
        self.excess = max(0, len(self.inside) + len(self.offers) - capacity)
        self.move_on()

    @rule(minutes=st.sampled_from((1, 59, 60, 200)))
    def wait(self, minutes: int) -> None:
        self.now += minutes

    @precondition(lambda self: self.now > 0)
    @rule()
    def offer(self) -> None:
        assert not self.send("offer-seats")

    @invariant()
    def same(self) -> None:
        seats: Seats = self.record.states[SEATS]
        assert seats.taken == len(self.inside)
        assert seats.waiting == tuple(self.waiting)
        ends = {one: NOON + timedelta(minutes=minute) for one, minute in self.offers}
        assert dict(seats.offers) == ends
        held = len(self.inside) + len(self.offers)
        self.excess = min(self.excess, max(0, held - self.capacity))
        assert held <= self.capacity + self.excess, "over capacity"
        assert not self.waiting or held >= self.capacity, "a seat is lost"
        assert not set(self.inside) & {*self.waiting, *ends}


def test_seats_and_waitlist_are_what_a_plain_model_says() -> None:
    """Never over capacity, held seats included; first in, first offered; no seat is lost."""
    run_state_machine_as_test(
        Model, settings=settings(max_examples=150, stateful_step_count=40, deadline=None)
    )


def test_the_record_is_the_one_of_these_tests() -> None:
    """The facts above are as the commands leave them."""
    record = Record().take(*FULL)
    record.when("join-waitlist", **who("first")).then(WaitlistJoined("first", "audit"))
    record.when("join-waitlist", **who("second")).then(WaitlistJoined("second", "audit"))
    record.when("withdraw-learner", **who("in"))
    assert record.states == given(*OFFERED).states
