"""Is what falls due sent when its moment has come, once, whatever becomes of clock and crash?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from commands.ports import LogUnavailable
from commands.requests import Cause
from domain.access import Principal, Role
from domain.assessment.facts import (
    AttemptAbandoned,
    AttemptDeadlineMoved,
    AttemptStarted,
    SubmissionReceived,
)
from domain.enrolment.facts import LearnerEnrolled, SeatOffered, SeatTaken
from infra.stores.due import PAGE_ENTRIES_MAX, PostgresDue
from infra.stores.due_memory import MemoryDue
from infra.stores.postgres import PostgresStore
from projections.due import DUE
from projections.due_entries import Entry, Kind, due
from projections.reading import names
from streams.policies.clock import DOUBT_SECONDS, SteadyClock
from streams.policies.scheduler import Moved, Scheduler
from streams.ports import Dispatched, Order
from tests.readings import histories as h
from tests.readings.recorded import Recorded, kept_up

SEATS = f"run-seats/{h.RUN}"
NOON = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
"""Yesterday, so that the database's own clock has always passed it."""
HOUR = timedelta(hours=1)


class Time:
    """A computer's clock, which may be set, and what really passes."""

    def __init__(self) -> None:
        self.wall = NOON
        self.passed = 0.0

    def pass_by(self, span: timedelta) -> None:
        self.wall += span
        self.passed += span.total_seconds()

    def steady(self) -> SteadyClock:
        return SteadyClock(lambda: self.wall, lambda: self.passed)


class Desk:
    """Stands for the command pipeline: keeps what was decided by key, as the log does."""

    def __init__(self) -> None:
        self.decided: dict[str, Order] = {}
        self.asked: list[str] = []
        self.principals: list[Principal] = []
        self.fails: set[str] = set()
        self.not_before: dict[str, datetime] = {}
        self.away = False
        self.takes_no_more_than = 10_000

    async def __call__(
        self, order: Order, principal: Principal, cause: Cause, at: datetime | None = None
    ) -> Dispatched:
        assert at is None, "judged by the clock"
        if self.away or len(self.decided) >= self.takes_no_more_than:
            raise LogUnavailable("away")
        subject = order.body["subject"]
        self.asked.append(subject)
        if subject in self.fails:
            raise ValueError("a slip in the command")
        if subject in self.not_before:
            return Dispatched("refused", "not-due", self.not_before.pop(subject))
        self.principals.append(principal)
        assert order.key.split("/")[1] == cause.id
        known = order.key in self.decided
        self.decided.setdefault(order.key, order)
        return Dispatched("recorded" if not known else "unchanged")

    @property
    def subjects(self) -> list[str]:
        return sorted(order.body["subject"] for order in self.decided.values())


class Roster:
    """Says that two learners are in every run."""

    async def active_at(self, _tenant: str, _run: str, _position: int) -> Sequence[str]:
        return ("s1", "s2")


class World:
    """A log, what falls due by it, and schedulers that come and go."""

    def __init__(self, reading: Any = DUE) -> None:
        self.reading = reading
        self.log = Recorded()
        self.time = Time()
        self.desk = Desk()
        self.due: Any = MemoryDue(reading, lambda: self.time.wall)
        self.scheduler = self.another()

    def another(self) -> Scheduler:
        return Scheduler(self.due, Roster(), self.desk, self.time.steady())

    def restart(self) -> None:
        self.scheduler = self.another()

    def catch_up(self) -> None:
        while self.due.position < len(self.log.envelopes):
            self.due.take(self.log.envelopes[self.due.position])

    def offer(self, subject: str, expires: datetime) -> None:
        self.log.add(SEATS, SeatOffered(subject, expires))
        self.catch_up()

    def take(self, subject: str) -> None:
        self.log.add(SEATS, SeatTaken(subject))
        self.catch_up()

    def step(self) -> int:
        return asyncio.run(self.scheduler.step())


class InPostgres(World):
    """The same, with what falls due kept by the product's own store."""

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self.dsn = dsn
        self.store = PostgresStore(dsn)
        self.due = PostgresDue(dsn)
        self.restart()
        self.catch_up()

    def catch_up(self) -> None:
        if hasattr(self, "store"):
            kept_up(self.log, self.store, self.reading)


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Each way to keep what falls due, with a scheduler that has begun."""
    if request.param == "memory":
        one = World()
        one.step()
        yield one
        return
    kept = InPostgres(request.getfixturevalue("dsn"))
    kept.step()
    yield kept
    kept.due.close()
    kept.store.close()


def test_it_is_sent_when_its_moment_has_come(world: World) -> None:
    """At the moment itself and not before: windows are half-open. In the scheduler's name."""
    world.offer("s1", NOON + HOUR)
    world.time.pass_by(HOUR - timedelta(microseconds=1))
    assert world.step() == 0
    world.time.pass_by(timedelta(microseconds=1))
    assert world.step() == 1
    assert world.step() == 0
    ((key, order),) = world.desk.decided.items()
    assert (order.command, order.body) == ("lapse-offer", {"run": h.RUN, "subject": "s1"})
    assert key == f"offer/{world.log.envelopes[0].id}//s1"
    (principal,) = world.desk.principals
    assert principal == Principal("scheduler", "main", "scheduler", frozenset({Role.POLICY}))


def test_what_was_called_off_is_not_sent(world: World) -> None:
    """The seat was taken in time, or offered anew for longer."""
    world.offer("taken", NOON + HOUR)
    world.offer("longer", NOON + HOUR)
    world.take("taken")
    world.offer("longer", NOON + 3 * HOUR)
    world.time.pass_by(2 * HOUR)
    assert world.step() == 0
    world.time.pass_by(HOUR)
    world.step()
    assert world.desk.subjects == ["longer"]


def test_what_is_told_late_is_sent_at_once(world: World) -> None:
    """A fact that names a moment which has passed, and one after a long downtime."""
    world.offer("s1", NOON - HOUR)
    assert world.step() == 1
    world.offer("s2", NOON + HOUR)
    world.offer("s3", NOON + 2 * HOUR)
    world.time.pass_by(timedelta(hours=20))
    world.restart()
    assert world.step() == 2
    assert world.desk.subjects == ["s1", "s2", "s3"]


def test_many_at_one_moment_are_sent_page_by_page(world: World) -> None:
    """None is passed over at the edge of a page, told in time or late."""
    many = 2 * PAGE_ENTRIES_MAX + 1
    offers = [SeatOffered(f"s{number}", NOON + HOUR) for number in range(many)]
    world.log.add(SEATS, *offers)
    world.catch_up()
    world.step()
    world.time.pass_by(HOUR)
    assert world.step() == many
    assert len(world.desk.decided) == many
    world.log.add(SEATS, *(SeatOffered(f"t{number}", NOON) for number in range(many)))
    world.catch_up()
    assert world.step() == many
    assert len(world.desk.decided) == 2 * many


def test_of_many_at_one_moment_a_log_that_goes_away_loses_none(world: World) -> None:
    """Between two pages of them: whoever begins again sends what was left of that moment."""
    many = 2 * PAGE_ENTRIES_MAX + 1
    world.log.add(SEATS, *(SeatOffered(f"s{number}", NOON + HOUR) for number in range(many)))
    world.catch_up()
    world.step()
    world.time.pass_by(HOUR)
    world.desk.takes_no_more_than = PAGE_ENTRIES_MAX
    with pytest.raises(LogUnavailable):
        world.step()
    assert len(world.desk.decided) == PAGE_ENTRIES_MAX
    world.desk.takes_no_more_than = many
    world.restart()
    world.step()
    assert len(world.desk.decided) == many


def test_two_schedulers_decide_once(world: World) -> None:
    """Both send, under one key; who noted last begins where the other is."""
    other = world.another()
    asyncio.run(other.step())
    for number in range(3):
        world.offer(f"s{number}", NOON + (number + 1) * HOUR)
        world.time.pass_by(HOUR)
        for one in (world.scheduler, other):
            try:
                asyncio.run(one.step())
            except Moved:  # it begins from what is noted then
                asyncio.run(one.step())
    assert world.desk.subjects == ["s0", "s1", "s2"]


def test_a_clock_that_jumps_forward_is_doubted_first() -> None:
    """Set a year ahead and back again within the minute, it has sent nothing; one that stays is
    believed after a minute."""
    world = World()
    world.step()
    world.offer("s1", NOON + HOUR)
    world.step()
    world.time.wall += timedelta(days=365)
    for _ in range(5):
        world.time.pass_by(timedelta(seconds=10))
        assert world.step() == 0
    world.time.wall -= timedelta(days=365)
    assert world.step() == 0
    world.time.wall += timedelta(days=365)
    assert world.step() == 0
    world.time.pass_by(timedelta(seconds=DOUBT_SECONDS))
    assert world.step() == 1


def test_one_computer_with_a_wrong_clock_sends_nothing_early(dsn: str) -> None:
    """The database must be of the same opinion."""
    world = InPostgres(dsn)
    world.step()
    world.offer("s1", datetime.now(UTC) + HOUR)
    world.time.wall = datetime.now(UTC) + timedelta(days=365)
    world.restart()
    assert world.step() == 0
    world.due.close()
    world.store.close()


def test_a_clock_that_is_set_back_does_no_harm(world: World) -> None:
    """What was sent is sent again at most, under its key; what was told meanwhile is not early."""
    world.offer("s1", NOON + HOUR)
    world.time.pass_by(2 * HOUR)
    world.step()
    world.time.wall = NOON
    world.restart()
    world.offer("s2", NOON + HOUR)
    assert world.step() == 0
    world.time.pass_by(HOUR)
    world.step()
    assert world.desk.subjects == ["s1", "s2"]


def test_a_moment_that_has_moved_is_kept_until_it_comes(world: World) -> None:
    """The command says when; another scheduler sends it then, once."""
    world.offer("s1", NOON + HOUR)
    world.desk.not_before["s1"] = NOON + 3 * HOUR
    world.time.pass_by(HOUR)
    assert world.step() == 1
    world.time.pass_by(HOUR)
    world.restart()
    assert (world.step(), world.desk.subjects) == (0, [])
    world.time.pass_by(HOUR)
    assert world.step() == 1
    assert world.step() == 0
    assert world.desk.subjects == ["s1"]


def test_nothing_is_written_while_nothing_happens() -> None:
    """But once a minute, so that a crash has little looked through again."""
    world = World()
    world.offer("s1", NOON + HOUR)
    world.step()
    noted = len(world.due.marks)
    for _ in range(59):
        world.time.pass_by(timedelta(seconds=1))
        world.step()
    assert len(world.due.marks) == noted
    world.time.pass_by(timedelta(seconds=2))
    world.step()
    assert len(world.due.marks) == noted + 1


def test_a_pipeline_whose_clock_is_behind_is_not_asked_over_and_over(world: World) -> None:
    """It says that a moment has not come which has by the scheduler's: a second later, again."""
    world.offer("s1", NOON + HOUR)
    world.time.pass_by(HOUR)
    world.desk.not_before["s1"] = NOON + HOUR
    assert (world.step(), world.step()) == (1, 0)
    world.time.pass_by(timedelta(seconds=1))
    assert (world.step(), world.desk.subjects) == (1, ["s1"])


def test_a_command_that_fails_holds_nothing_up(world: World) -> None:
    """It is sent again after 30 s, a minute, and so on; when it works, that was it."""
    world.offer("bad", NOON + HOUR)
    world.offer("good", NOON + HOUR)
    world.desk.fails.add("bad")
    world.time.pass_by(HOUR)
    assert world.step() == 2
    assert world.desk.subjects == ["good"]
    for seconds in (30, 60, 120):
        world.time.pass_by(timedelta(seconds=seconds - 1))
        assert world.step() == 0
        world.time.pass_by(timedelta(seconds=1))
        assert world.step() == 1
    world.desk.fails.clear()
    world.time.pass_by(timedelta(seconds=240))
    assert (world.step(), world.step()) == (1, 0)
    assert world.desk.subjects == ["bad", "good"]


def test_while_the_log_is_away_nothing_is_passed_over(world: World) -> None:
    """The same is sent when it is back."""
    world.offer("s1", NOON + HOUR)
    world.time.pass_by(HOUR)
    world.desk.away = True
    with pytest.raises(LogUnavailable):
        world.step()
    world.desk.away = False
    assert world.step() == 1


def test_while_the_reading_is_made_anew_nothing_is_passed_over() -> None:
    """What falls due meanwhile is sent when the reading is there again."""
    world = World()
    world.offer("s1", NOON + HOUR)
    world.step()
    told, world.due.position = world.due.position, 0
    world.time.pass_by(HOUR)
    assert world.step() == 0
    world.due.position = told
    assert world.step() == 1


def test_in_another_epoch_it_begins_where_it_once_began() -> None:
    """Positions mean other facts now; what was decided keeps its keys."""
    world = World()
    world.step()
    world.offer("s1", NOON + HOUR)
    world.time.pass_by(HOUR)
    world.step()
    world.due.epoch = "second"
    assert world.step() == 1
    assert world.step() == 0
    assert (world.desk.asked, world.desk.subjects) == (["s1", "s1"], ["s1"])


def test_a_new_scheduler_begins_at_the_head() -> None:
    """What was due before there was one is not its business; what comes is."""
    world = World()
    world.offer("old", NOON - HOUR)
    world.offer("new", NOON + HOUR)
    world.step()
    world.time.pass_by(HOUR)
    world.step()
    assert world.desk.subjects == ["new"]


def test_what_concerns_a_run_is_sent_for_each_learner_in_it() -> None:
    """With a key for each, so that a crash in the middle decides nobody twice."""

    def entries(envelope: Any) -> Any:
        yield Entry(h.RUN, None, NOON + HOUR, "mark-missing", {"item": "a1"}, "a1", each=True)

    kind = Kind("missing", names(LearnerEnrolled), entries)
    world = World(due(1, (kind,)))
    world.step()
    cause = world.log.add(h.enrolment("s1"), LearnerEnrolled("audit"))
    world.catch_up()
    world.time.pass_by(HOUR)
    assert world.step() == 2
    assert {key: order.body for key, order in world.desk.decided.items()} == {
        f"missing/{cause.id}/a1/{subject}": {"item": "a1", "subject": subject}
        for subject in ("s1", "s2")
    }


def test_the_store_says_what_is_overdue_and_what_fails(dsn: str) -> None:
    """For people and machines to see, in any process."""
    world = InPostgres(dsn)
    world.step()
    assert world.store.due() == (0, 0.0, 0, None)
    world.offer("s1", NOON + HOUR)
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "insert into log.facts (position, recorded_at, version, stream, type, tenant, body)"
            " values (1, now() - interval '5 s', 1, 'main/x/1', 'SeatOffered', 'main', '')"
        )
    late = world.store.due()
    assert (late.overdue, late.failing, 4 < late.lag_seconds < 60) == (1, 0, True)
    world.desk.fails.add("s1")
    world.time.pass_by(2 * HOUR)
    world.step()
    failing = world.store.due()
    assert (failing.failing, failing.error) == (1, "ValueError: a slip in the command")
    world.due.close()
    world.store.close()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("offer"), st.integers(0, 9), st.integers(-3, 30)),
        st.tuples(st.just("take"), st.integers(0, 9)),
        st.tuples(st.just("pass"), st.integers(1, 20)),
        st.tuples(st.just("jump"), st.integers(-100, 100)),
        st.tuples(st.just("step"), st.integers(0, 1)),
        st.tuples(st.just("crash"), st.integers(0, 1)),
        st.tuples(st.just("away"), st.booleans()),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@over(STEPS)
def test_each_once_and_none_lost(steps: Any) -> None:
    """Whatever clocks, crashes, outages and a second scheduler do: in the end each offer that stood
    at its moment was decided exactly once, and none before the clock said so."""
    world = World()
    world.step()
    both = [world.scheduler, world.another()]
    stands: dict[str, tuple[str, datetime]] = {}
    seen = world.time.wall

    def attempt(which: int) -> None:
        with suppress(Moved, LogUnavailable):
            asyncio.run(both[which].step())

    for kind, *values in steps:
        subject = f"s{values[0]}"
        match kind:
            case "offer":
                expires = NOON + values[1] * HOUR
                world.offer(subject, expires)
                stands[subject] = (world.log.envelopes[-1].id, expires)
            case "take":
                world.take(subject)
                stands.pop(subject, None)
            case "pass":
                world.time.pass_by(values[0] * HOUR)
            case "jump":
                world.time.wall += values[0] * HOUR
            case "step":
                attempt(values[0])
            case "crash":
                both[values[0]] = world.another()
            case "away":
                world.desk.away = values[0]
        seen = max(seen, world.time.wall)
        told = {key.split("/")[1] for key in world.desk.decided}
        assert all(cause not in told for cause, expires in stands.values() if expires > seen)
    world.desk.away = False
    world.time.pass_by(1_000 * HOUR)
    both = [world.another()]
    for _ in range(3):
        attempt(0)
        world.time.pass_by(timedelta(seconds=DOUBT_SECONDS))
    told = [key.split("/")[1] for key in world.desk.decided]
    assert len(told) == len(set(told))
    assert {cause for cause, _ in stands.values()} <= set(told)


def test_a_timed_attempt_expires_unless_it_ends() -> None:
    """Each attempt by itself; another deadline takes the place of the first [Moodle]."""
    world = World()
    world.step()
    stream = h.enrolment("s1")

    def begun(attempt: str, deadline: datetime | None) -> AttemptStarted:
        return AttemptStarted("x1", attempt, 1, 1, "100", deadline)

    world.log.add(stream, begun("a", NOON + HOUR), begun("b", NOON + HOUR), begun("c", None))
    world.log.add(stream, begun("d", NOON + HOUR), begun("e", NOON + HOUR))
    moved = world.log.add(stream, AttemptDeadlineMoved("x1", "a", NOON + 2 * HOUR, "2"))
    world.log.add(stream, SubmissionReceived("x1", "b", 1, 1))
    world.log.add(stream, AttemptAbandoned("x1", "d", "given-up"))
    world.catch_up()
    world.time.pass_by(HOUR)
    assert world.step() == 1
    world.time.pass_by(HOUR)
    assert world.step() == 1
    sent = [order.body["attempt"] for order in world.desk.decided.values()]
    assert sent == ["e", "a"]
    assert f"attempt/{moved.id}/x1/a/s1" in world.desk.decided
