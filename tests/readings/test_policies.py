"""Do policies decide once on every fact, and never lose one?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import psycopg
import pytest

from commands.batch import CommandReader
from commands.ports import LogUnavailable
from commands.register import DECISIONS
from commands.requests import Answer, Cause, Contended, KeyBusy, Request
from domain.access import Principal, Role
from domain.catalogue.facts import (
    ContentVersionPublished,
    DueDateOverridden,
    Module,
    Requirement,
    SeatsLimited,
)
from domain.credentials.facts import CertificateAllowed, CertificateBarLifted
from domain.enrolment.facts import (
    EnrolmentTransferred,
    LearnerEnrolled,
    LearnerWithdrawn,
    ModeChanged,
)
from domain.grading.facts import CoursePassed, GradesReleased, OutcomeRecorded, RegradeStarted
from domain.integrity.facts import (
    IdentityVerified,
    IntegrityPolicy,
    IntegrityPolicyPublished,
    ViolationDismissed,
)
from domain.kernel import Envelope, Fact, Personal
from domain.peer_review.facts import Part, ReviewSubmitted
from domain.streams import REGISTRY
from infra.stores.followers import MemoryFollowers, PostgresFollowers
from streams.policies.count_seats import CountSeats
from streams.policies.decide_modules import DecideModules
from streams.policies.dispatch import PipelineDispatch
from streams.policies.finalize_peer_scores import FinalizePeerScores
from streams.policies.follower import Follower, Stuck
from streams.policies.issue_certificate import IssueCertificate
from streams.policies.redecide_lateness import RedecideLateness
from streams.policies.regrade import RegradeRun
from streams.ports import Dispatched, Order
from tests.readings import histories as h
from tests.readings.recorded import MONDAY, Recorded, filled
from tests.server import eventually

AnyFollowers = MemoryFollowers | PostgresFollowers


class Desk:
    """Stands for the command pipeline: keeps orders by key, as the log does."""

    def __init__(self) -> None:
        self.taken: dict[str, tuple[Order, Principal, Cause]] = {}
        self.asked = 0
        self.error: Exception | None = None

    async def __call__(
        self, order: Order, principal: Principal, cause: Cause, at: datetime | None = None
    ) -> Dispatched:
        assert at is not None
        self.asked += 1
        if self.error is not None:
            raise self.error
        if order.body.get("subject") == "refused":
            return Dispatched("refused", "not-passed")
        known = order.key in self.taken
        self.taken.setdefault(order.key, (order, principal, cause))
        return Dispatched("unchanged" if known else "recorded")


class Waiting:
    """Stands for the roster: two learners wait in every run."""

    async def active_at(self, *_: Any) -> Sequence[str]:
        return ("s1", "s2")

    async def with_facts(self, *_: Any, **__: Any) -> Sequence[str]:
        return ("s1", "s2")


@pytest.fixture(params=["memory", "postgres"])
def followers(request: pytest.FixtureRequest) -> Iterator[AnyFollowers]:
    """Where positions are kept, in each way."""
    if request.param == "memory":
        yield MemoryFollowers()
        return
    kept = PostgresFollowers(request.getfixturevalue("dsn"))
    yield kept
    kept.close()


@pytest.fixture
def log() -> Recorded:
    """Two learners who passed, one who failed, one whose certificate is refused."""
    return filled(
        [
            (h.enrolment("s1"), OutcomeRecorded("pass")),
            (h.enrolment("s2"), CoursePassed(80, "computed")),
            (h.enrolment("s3"), OutcomeRecorded("fail")),
            (h.enrolment("refused"), OutcomeRecorded("distinction")),
        ]
    )


def follow(log: Recorded, followers: AnyFollowers, desk: Desk, begin: int | None = 0) -> Follower:
    """Return a follower that issues certificates, after it has followed the whole log."""
    follower = Follower(IssueCertificate(Waiting()), log, followers, desk, REGISTRY, begin)

    async def all_of_it() -> None:
        while await follower.step():
            pass

    asyncio.run(all_of_it())
    return follower


def test_who_passed_gets_a_certificate(log: Recorded, followers: AnyFollowers) -> None:
    """One order each, by the policy, for the fact that caused it; refusals are counted."""
    desk = Desk()
    follower = follow(log, followers, desk)
    assert [order.body["subject"] for order, _, _ in desk.taken.values()] == ["s1", "s2"]
    (_, principal, cause), *_ = desk.taken.values()
    assert (principal.actor, principal.client) == ("policy:issue-certificate", "policy")
    assert principal.roles == {Role.POLICY}
    assert cause.id == log.envelopes[0].id
    assert follower.answers == {"recorded": 2, "refused": 1}


def test_run_twice_it_decides_once(log: Recorded, followers: AnyFollowers) -> None:
    """A follower that lost its position asks again with the same keys."""
    desk = Desk()
    follow(log, followers, desk)
    follow(log, followers, desk)
    assert desk.asked == 3
    again = follow(log, MemoryFollowers(), desk)
    assert (len(desk.taken), again.answers["unchanged"]) == (2, 2)


def test_a_new_policy_begins_at_the_head(log: Recorded, followers: AnyFollowers) -> None:
    """Unless told otherwise, the past is not its business; what comes next is."""
    desk = Desk()
    follow(log, followers, desk, begin=None)
    assert desk.asked == 0
    log.add(h.enrolment("s5"), OutcomeRecorded("pass"))
    follow(log, followers, desk, begin=None)
    assert [order.body["subject"] for order, _, _ in desk.taken.values()] == ["s5"]


def test_an_error_leaves_the_policy_where_it_is_for_all_to_see(
    log: Recorded, followers: AnyFollowers
) -> None:
    """Nothing is passed over; when it works again, the same facts are acted on."""
    desk = Desk()
    desk.error = ValueError("no such command")
    with pytest.raises(ValueError, match="no such command"):
        follow(log, followers, desk)
    desk.error = None
    assert follow(log, followers, desk).position == 4
    assert len(desk.taken) == 2


def test_a_log_that_is_away_is_tried_again(log: Recorded, followers: AnyFollowers) -> None:
    """With a pause in between, and without an error for people to look at."""
    desk = Desk()
    desk.error = LogUnavailable("away")
    follower = Follower(IssueCertificate(Waiting()), log, followers, desk, REGISTRY, 0)

    async def away_and_back() -> None:
        running = asyncio.create_task(follower.run())
        await asyncio.to_thread(eventually, lambda: desk.asked, 10, "an attempt")
        desk.error = None
        await asyncio.to_thread(eventually, lambda: follower.position == 4, 20, "caught up")
        follower.stop()
        await running

    asyncio.run(away_and_back())
    assert (len(desk.taken), follower.error) == (2, None)


def test_a_fact_that_cannot_be_read_is_not_passed_over(
    log: Recorded, followers: AnyFollowers
) -> None:
    """Somebody must look."""
    log.store(log.rows[0].body.replace(b'"result":"pass"', b'"result":7'), 2)
    with pytest.raises(Stuck, match="position 5"):
        follow(log, followers, Desk())


def test_in_another_epoch_it_begins_again_where_it_began(
    log: Recorded, followers: AnyFollowers
) -> None:
    """Positions mean other facts now; what was decided keeps its keys."""
    desk = Desk()
    follow(log, followers, desk, begin=2)
    log.name = "second"
    follower = follow(log, followers, desk, begin=2)
    assert (follower.position, desk.asked) == (4, 2)


@pytest.mark.parametrize(
    "fact",
    [
        CoursePassed(80, "computed"),
        OutcomeRecorded("pass"),
        ModeChanged("audit", "verified"),
        IdentityVerified("in-person"),
        CertificateAllowed(Personal(sealed="x")),
        CertificateBarLifted(),
        ViolationDismissed("v1", Personal(sealed="x")),
    ],
)
def test_a_certificate_is_asked_for_whatever_came_last(fact: Fact) -> None:
    """Passed, identity verified, allowed, bar lifted, violation dismissed: each may be what was
    missing. Source: rules.md, Certificates (a certificate for none who was allow-listed, appsembler
    edx-platform#987)."""
    cause = Recorded().add(h.enrolment("s1"), fact)
    assert asyncio.run(_orders(IssueCertificate(Waiting()), cause)) == (
        Order("issue-certificate", {"run": h.RUN, "subject": "s1"}, f"certificate/{cause.id}"),
    )


def test_a_review_may_be_what_two_scores_waited_for() -> None:
    """That of its author, and that of its reviewer, who owed it."""
    fact = ReviewSubmitted("essay", "ann", "r1", "ben", "1", (Part("all", 3),))
    cause = Recorded().add(f"peer-pool/{h.RUN}/essay", fact)
    orders = asyncio.run(_orders(FinalizePeerScores(), cause))
    assert [(order.command, dict(order.body), order.key) for order in orders] == [
        (
            "finalize-peer-score",
            {"run": h.RUN, "subject": subject, "item": "essay"},
            f"peer-score/{cause.id}/{role}",
        )
        for subject, role in (("ben", "author"), ("ann", "reviewer"))
    ]


def test_who_comes_back_may_have_passed_before() -> None:
    """Enrolling for the first time asks for nothing."""
    log, policy = Recorded(), IssueCertificate(Waiting())
    first = log.add(h.enrolment("s1"), LearnerEnrolled("audit"))
    again = log.add(h.enrolment("s1"), LearnerWithdrawn(), LearnerEnrolled("audit"))
    assert asyncio.run(_orders(policy, first)) == ()
    assert [order.body["subject"] for order in asyncio.run(_orders(policy, again))] == ["s1"]


@pytest.mark.parametrize(
    "fact", [GradesReleased(h.RUN), IntegrityPolicyPublished(h.RUN, 2, IntegrityPolicy())]
)
def test_what_changes_for_a_run_changes_for_all_who_wait(fact: Fact) -> None:
    """One order for each learner, with a key of its own."""
    cause = Recorded().add(f"run/{h.RUN}", fact)
    orders = asyncio.run(_orders(IssueCertificate(Waiting()), cause))
    assert [(order.body["subject"], order.key) for order in orders] == [
        ("s1", f"certificate/{cause.id}/s1"),
        ("s2", f"certificate/{cause.id}/s2"),
    ]


def test_who_waits_has_something_to_show_and_no_certificate(dsn: str) -> None:
    """Passed or allowed by that position, in that run, and none issued yet."""
    kept, log = PostgresFollowers(dsn), Recorded()
    log.add(h.enrolment("passed"), LearnerEnrolled("audit"), CoursePassed(80, "computed"))
    log.add(h.enrolment("certified"), CoursePassed(80, "computed"), h.issued("certified"))
    log.add(h.enrolment("idle"), LearnerEnrolled("audit"))
    log.add(h.enrolment("elsewhere", "AAA-2014J"), CoursePassed(80, "computed"))
    log.add(h.enrolment("allowed"), CertificateAllowed(Personal(sealed="x")))
    release = log.add(f"run/{h.RUN}", GradesReleased(h.RUN))
    log.add(h.enrolment("later"), CoursePassed(80, "computed"))
    _store(dsn, log)
    orders = asyncio.run(_orders(IssueCertificate(kept), release))
    kept.close()
    assert [order.body["subject"] for order in orders] == ["allowed", "passed"]


def test_seats_are_counted_as_of_the_limit(dsn: str) -> None:
    """Who was in at that position: not who had left or moved on, nor who came later."""
    kept = PostgresFollowers(dsn)
    log = Recorded()
    seats = f"run-seats/{h.RUN}"
    for subject in ("s2", "s1", "left", "moved"):
        log.add(h.enrolment(subject), LearnerEnrolled("audit"))
    log.add(h.enrolment("other", "AAA-2014J"), LearnerEnrolled("audit"))
    log.add(h.enrolment("left"), LearnerWithdrawn())
    log.add(h.enrolment("moved"), EnrolmentTransferred("out", h.RUN, "B", ()))
    limit = log.add(seats, SeatsLimited(h.RUN, 3, 1))
    log.add(h.enrolment("later"), LearnerEnrolled("audit"))
    log.add(h.enrolment("s1"), LearnerWithdrawn())
    _store(dsn, log)
    policy = CountSeats(kept)
    (order,) = asyncio.run(_orders(policy, limit))
    kept.close()
    assert order.body == {
        "run": h.RUN,
        "number": 1,
        "at_position": limit.position,
        "taken": ["s1", "s2"],
    }
    assert order.key == f"seats/{limit.id}"


async def _orders(policy: Any, cause: Envelope) -> Any:
    return await policy.orders(cause)


def test_all_who_handed_in_are_judged_anew_when_dates_move(dsn: str) -> None:
    """Those who had handed something in by then, in this run, also where they have left since
    [Canvas-like systems leave stale penalties]."""
    log = Recorded()
    for stream in (h.enrolment("s2"), h.enrolment("s1"), h.enrolment("s1", "AAA-2013JX")):
        log.add(stream, LearnerEnrolled("audit"), h.submitted("1"), h.submitted("2", 2))
    log.add(h.enrolment("idle"), LearnerEnrolled("audit"))
    log.add(h.enrolment("s2"), LearnerWithdrawn())
    moved = log.add(f"run-content/{h.RUN}", DueDateOverridden(h.RUN, "a1", None, "Snow"))
    log.add(h.enrolment("later"), h.submitted("1"))
    _store(dsn, log)
    kept = PostgresFollowers(dsn)
    orders = asyncio.run(_orders(RedecideLateness(kept), moved))
    kept.close()
    assert [order.body for order in orders] == [
        {"run": h.RUN, "subject": "s1"},
        {"run": h.RUN, "subject": "s2"},
    ]
    assert len({order.key for order in orders}) == 2


def test_a_batch_of_regrades_computes_each_grade_and_then_ends(followers: AnyFollowers) -> None:
    """Of those whose grade had been computed; the end is sent after all others are answered."""

    class Roster:
        async def with_facts(self, *_: object) -> list[str]:
            return [f"s{n}" for n in range(100)]

    log = Recorded()
    cause = log.add(f"regrade/{h.RUN}/b1", RegradeStarted(h.RUN, "b1", "Again"))
    policy = RegradeRun(Roster())  # type: ignore[arg-type]
    orders = asyncio.run(_orders(policy, cause))
    assert len({order.key for order in orders}) == 101
    assert orders[0].body == {"run": h.RUN, "subject": "s0", "regrade": "b1"}
    sent: list[str] = []

    class Slow(Desk):
        async def __call__(self, order: Order, *rest: Any, **named: Any) -> Dispatched:
            await asyncio.sleep(0.001 * (order.command == "compute-grade"))
            sent.append(order.command)
            return await super().__call__(order, *rest, **named)

    asyncio.run(Follower(policy, log, followers, Slow(), REGISTRY, 0).step())
    assert sent == ["compute-grade"] * 100 + ["complete-regrade"]


def test_content_that_moves_no_date_judges_nobody_anew(followers: AnyFollowers) -> None:
    """There is nothing to decide."""
    log = Recorded()
    cause = log.add(f"run-content/{h.RUN}", h.CONTENT)
    policy = RedecideLateness(followers)  # type: ignore[arg-type]  # nobody is asked
    assert asyncio.run(_orders(policy, cause)) == ()


class Asked:
    """Stands for the store: says which runs lock modules and who is in, and counts the asking."""

    def __init__(self, *gated: str) -> None:
        self.gated = gated
        self.asked: list[str] = []

    async def is_gated(self, _tenant: str, run: str) -> bool:
        self.asked.append(run)
        return run in self.gated

    async def active_at(self, _tenant: str, _run: str, _position: int) -> list[str]:
        return ["s1", "s2"]


def test_modules_are_decided_where_a_run_locks_some() -> None:
    """For the learner whom the fact is about; other runs cost one look, until content moves."""
    log, asked = Recorded(), Asked(h.RUN)
    policy = DecideModules(asked, asked)  # type: ignore[arg-type]  # the rest is not asked
    here = [log.add(h.enrolment("s1"), h.submitted(number)) for number in ("1", "2")]
    there = [log.add(h.enrolment("s1", "BBB"), h.graded("5", number)) for number in ("1", "2")]
    orders = [order for cause in here for order in asyncio.run(_orders(policy, cause))]
    assert [order.body for order in orders] == [{"run": h.RUN, "subject": "s1"}] * 2
    assert len({order.key for order in orders}) == 2
    assert [asyncio.run(_orders(policy, cause)) for cause in there] == [(), ()]
    assert asked.asked == [h.RUN, "BBB"]
    locked = Module("m", requires=(Requirement("n", "0", "100"),))
    content = ContentVersionPublished("BBB", 2, (), modules=(Module("n"), locked))
    moved = log.add("run-content/BBB", content)
    assert [order.body["subject"] for order in asyncio.run(_orders(policy, moved))] == ["s1", "s2"]
    plain = log.add(f"run-content/{h.RUN}", h.CONTENT)
    assert asyncio.run(_orders(policy, plain)) == ()
    asyncio.run(_orders(policy, here[0]))
    assert asked.asked == [h.RUN, "BBB", h.RUN], "what was remembered is looked up again"


def test_whether_a_run_locks_modules_is_in_its_latest_content(dsn: str) -> None:
    """As the log has it."""
    kept = PostgresFollowers(dsn)
    assert not asyncio.run(kept.is_gated("main", h.RUN))
    locked = Module("m", requires=(Requirement("n", "0", "100"),))
    log = Recorded()
    log.add(f"run-content/{h.RUN}", h.CONTENT)
    log.add(
        f"run-content/{h.RUN}",
        ContentVersionPublished(h.RUN, 2, (), modules=(Module("n"), locked)),
    )
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into log.facts (position, recorded_at, version, stream, type, tenant, body)"
            " values (%s, %s, %s, %s, %s, 'main', %s)",
            [
                (e.position, e.recorded_at, e.version, e.stream, e.type, REGISTRY.encode(e))
                for e in log.envelopes
            ],
        )
    assert asyncio.run(kept.is_gated("main", h.RUN))
    kept.close()


def _store(dsn: str, log: Recorded) -> None:
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into log.facts (position, recorded_at, version, stream, type, tenant, body)"
            " values (%s, %s, %s, %s, %s, 'main', '')",
            [(e.position, e.recorded_at, e.version, e.stream, e.type) for e in log.envelopes],
        )


def test_taking_a_limit_away_needs_no_count(followers: AnyFollowers) -> None:
    """There is nothing to count."""
    log = Recorded()
    cause = log.add(f"run-seats/{h.RUN}", SeatsLimited(h.RUN, None, 2))
    policy = CountSeats(followers)  # type: ignore[arg-type]  # nobody is asked
    assert asyncio.run(_orders(policy, cause)) == ()


def test_a_stuck_policy_says_so(log: Recorded) -> None:
    """In its state, until it moves again."""
    desk, followers = Desk(), MemoryFollowers()
    desk.error = ValueError("no such command")
    follower = Follower(IssueCertificate(Waiting()), log, followers, desk, REGISTRY, 0)

    async def stuck() -> None:
        running = asyncio.create_task(follower.run())
        await asyncio.to_thread(
            eventually, lambda: followers.errors.get("issue-certificate"), 10, "noted"
        )
        follower.stop()
        await running

    asyncio.run(stuck())
    assert followers.errors["issue-certificate"] == "ValueError: no such command"


class Busy:
    """Stands for a pipeline in which others are always first."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def execute(self, _request: Request) -> Answer:
        raise self._error

    async def execute_many(self, requests: Sequence[Request]) -> list[Answer | Exception]:
        return [self._error for _ in requests]


@pytest.mark.parametrize("error", [Contended("issue-certificate"), KeyBusy("k")], ids=repr)
def test_an_order_that_could_not_be_decided_is_sent_again(error: Exception) -> None:
    """It was neither recorded nor refused: a follower that went on would lose it."""
    reader = CommandReader(DECISIONS, b"secret" * 6, lambda: MONDAY)
    dispatch = PipelineDispatch(Busy(error), reader)
    order = Order("issue-certificate", {"run": h.RUN, "subject": "s1"}, "k")
    policy = Principal("policy:x", "main", "policy", frozenset({Role.POLICY}))
    with pytest.raises(LogUnavailable, match="is to be sent again"):
        asyncio.run(dispatch(order, policy, Cause("fact", "fact")))
