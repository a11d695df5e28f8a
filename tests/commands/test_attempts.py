"""How often can a learner try, for how long, and what becomes of an attempt whose time is up?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pydantic import ValidationError

from commands.register import DECISIONS
from domain.assessment.facts import (
    AttemptAbandoned,
    AttemptDeadlineMoved,
    AttemptExpired,
    AttemptStarted,
    ExtensionGranted,
    GraderFailed,
    SubmissionReceived,
    WorkSaved,
)
from domain.assessment.rules import (
    AttemptNotStarted,
    AttemptOver,
    AttemptsExhausted,
    AttemptUnderWay,
    AttemptUntimed,
    CoolingDown,
    attempts_left,
)
from domain.catalogue.facts import Item, OnExpiry
from domain.due import NotDue
from domain.enrolment.facts import LearnerWithdrawn
from domain.grading.rules import AttemptUnknown
from domain.kernel import Personal
from tests.given import ENROLLED, LEARNER, NOON, RUN_ID, SUBJECT, Record, content, given

WORK = {**LEARNER, "item": "q", "attempt": "1"}
SECOND = {**WORK, "attempt": "2"}
SECONDS = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
HASH = "a" * 64


def quiz(**fields: Any) -> Record:
    """A learner in a run with a quiz."""
    return given(*ENROLLED, content(Item("q", "quiz", "Quiz", **fields), number=2))


def started(deadline: datetime | None, **fields: Any) -> AttemptStarted:
    """The first attempt at the quiz began."""
    return AttemptStarted("q", "1", 1, 2, "100", deadline, **fields)


def test_more_attempts_are_granted_and_counted() -> None:
    """left = max(0, allowed + extra - made). Source: rules.md [Canvas]."""
    record = quiz(attempts=1)
    assert record.when("submit-work", **WORK).facts
    record.when("submit-work", **SECOND).refused(AttemptsExhausted, allowed=1, extra=0, made=1)
    record.when("grant-extension", **LEARNER, item="q", attempts=1, reason="Power cut")
    assert record.when("submit-work", **SECOND).facts
    third = {**WORK, "attempt": "3"}
    record.when("submit-work", **third).refused(AttemptsExhausted, allowed=1, extra=1, made=2)


def test_attempts_left_never_falls_below_zero() -> None:
    """Also where fewer are allowed than were made; absent means unlimited [Canvas]."""
    made = quiz(attempts=3)
    for attempt in ("1", "2", "3"):
        made.when("submit-work", **{**WORK, "attempt": attempt})
    attempts = made.states[f"main/enrolment/{RUN_ID}/{SUBJECT}"].attempts
    assert attempts_left(Item("q", "quiz", "Q", attempts=1), attempts, {}) == 0
    assert attempts_left(Item("q", "quiz", "Q"), attempts, {}) is None
    extra = {"q": ExtensionGranted("q", attempts=2)}
    assert attempts_left(Item("q", "quiz", "Q", attempts=2), attempts, extra) == 1


def test_an_attempt_cools_down() -> None:
    """Refused while now - last attempt < wait. Source: rules.md [Open edX]."""
    record = quiz(cooldown_s=3600)
    record.when("submit-work", NOON, **WORK)
    early = NOON + HOUR - MICROSECOND
    record.when("submit-work", early, **WORK).nothing()
    record.when("submit-work", early, **SECOND).refused(CoolingDown, cooldown_s=3600)
    record.when("start-attempt", early, **SECOND).refused(CoolingDown)
    assert record.when("submit-work", NOON + HOUR, **SECOND).facts


def test_a_grader_that_failed_uses_up_no_attempt() -> None:
    """Nor does it let the learner wait; unless it grades after all. Source: rules.md [Open edX]."""
    record = quiz(attempts=1, cooldown_s=3600)
    record.when("submit-work", **WORK)
    failure = {**WORK, "grader": "unit-tests"}
    record.when("report-grader-failure", **failure).then(GraderFailed("q", "1", "unit-tests"))
    record.when("report-grader-failure", **failure).nothing()
    assert record.when("submit-work", **SECOND).facts
    third = {**WORK, "attempt": "3"}
    record.when("submit-work", NOON + HOUR, **third).refused(AttemptsExhausted, made=1)
    record.when("report-grader-failure", **{**failure, "attempt": "2"})
    record.when("grade-submission", **WORK, raw="50", grader="tutor")
    record.when("report-grader-failure", **failure).nothing()
    record.when("submit-work", NOON + HOUR, **third).refused(AttemptsExhausted, made=1)


def test_an_attempt_begins_with_its_deadline_and_content() -> None:
    """started + limit x time factor [Moodle]; a retry decides nothing."""
    record = quiz(time_limit_s=1800)
    record.when("grant-extension", **LEARNER, item="q", time_factor="1.25", reason="Dyslexia")
    record.when("start-attempt", **WORK).then(
        started(NOON + 2250 * SECONDS, time_limit_s=1800, time_factor="1.25")
    )
    record.when("start-attempt", NOON + HOUR, **WORK).nothing()
    record.when("start-attempt", **SECOND).refused(AttemptUnderWay, attempt="1")


def test_an_attempt_stays_pinned_to_the_content_it_began_on() -> None:
    """Its scale, whatever is published since, also where the item was taken out."""
    record = quiz(possible="40")
    record.when("start-attempt", **WORK).then(AttemptStarted("q", "1", 1, 2, "40"))
    record.take(content(Item("q", "quiz", "Quiz", possible="60"), number=3))
    other = record.decide("submit-work", WORK, NOON)
    record.take(content(Item("other", "quiz", "Other"), number=4))
    for facts in (other, record.decide("submit-work", WORK, NOON)):
        assert [one.fact for one in facts] == [SubmissionReceived("q", "1", 1, 2, possible="40")]
    record.when("submit-work", **WORK)
    record.when("grade-submission", **WORK, raw="40", grader="g")


def test_a_timed_item_is_handed_in_within_an_attempt() -> None:
    """Otherwise nobody knew how long it took [Moodle]."""
    record = quiz(time_limit_s=1800)
    record.when("submit-work", **WORK).refused(AttemptNotStarted, time_limit_s=1800)


@pytest.mark.parametrize(
    ("on_expiry", "grace_s", "last_s"),
    [("submit", 0, 600), ("abandon", 0, 600), ("grace", 60, 660)],
)
def test_the_last_moment_is_in_time(on_expiry: OnExpiry, grace_s: int, last_s: int) -> None:
    """A deadline is the last moment that is in time [Canvas, Moodle]; a grace period comes on top
    [Moodle]."""

    def begun() -> Record:
        record = quiz(time_limit_s=600, on_expiry=on_expiry, grace_s=grace_s)
        record.when("start-attempt", **WORK)
        return record

    last = NOON + last_s * SECONDS
    assert begun().when("submit-work", last, **WORK).facts
    record = begun()
    for command in ("submit-work", "abandon-attempt"):
        record.when(command, last + MICROSECOND, **WORK).refused(AttemptOver, attempt="1")
    record.when("save-work", last + MICROSECOND, **WORK, artifact=HASH).refused(AttemptOver)
    record.when("expire-attempt", last - MICROSECOND, **WORK).refused(NotDue)
    assert record.when("expire-attempt", last, **WORK).facts


def test_when_the_time_is_up_what_is_there_is_handed_in() -> None:
    """As at the deadline, however late that is noticed [Moodle]."""
    due = NOON + 300 * SECONDS
    record = quiz(time_limit_s=600, due=due)
    record.when("start-attempt", **WORK)
    record.when("save-work", NOON, **WORK, artifact=HASH).then(WorkSaved("q", "1", HASH))
    record.when("save-work", NOON, **WORK, artifact=HASH).nothing()
    deadline = NOON + 600 * SECONDS
    record = record.when("expire-attempt", deadline + HOUR, **WORK).then(
        AttemptExpired("q", "1", deadline, "submit"),
        SubmissionReceived("q", "1", 1, 2, due=due, late_seconds=300, artifact=HASH),
    )
    record.when("expire-attempt", deadline + HOUR, **WORK).nothing()
    record.when("submit-work", deadline + HOUR, **WORK).nothing()
    record.when("redecide-lateness", **LEARNER).nothing()


@pytest.mark.parametrize(("on_expiry", "grace_s"), [("abandon", 0), ("grace", 60)])
def test_when_the_time_is_up_an_attempt_may_be_lost(on_expiry: OnExpiry, grace_s: int) -> None:
    """It counts as made, and there is nothing to grade [Moodle]."""
    record = quiz(time_limit_s=600, on_expiry=on_expiry, grace_s=grace_s, attempts=1)
    record.when("start-attempt", **WORK)
    deadline = NOON + 600 * SECONDS
    record = record.when("expire-attempt", deadline + HOUR, **WORK).then(
        AttemptExpired("q", "1", deadline, on_expiry), AttemptAbandoned("q", "1", "expired")
    )
    record.when("expire-attempt", deadline + HOUR, **WORK).nothing()
    record.when("submit-work", deadline, **WORK).refused(AttemptOver, abandoned=True)
    record.when("grade-submission", **WORK, raw="1", grader="g").refused(AttemptUnknown)
    record.when("start-attempt", **SECOND).refused(AttemptsExhausted, made=1)


def test_work_that_was_kept_is_handed_in_where_nothing_else_is() -> None:
    """The learner's own submission may name another artifact."""
    record = quiz()
    record.when("start-attempt", **WORK)
    record.when("save-work", **WORK, artifact=HASH)
    (fact,) = (one.fact for one in record.decide("submit-work", WORK, NOON))
    assert isinstance(fact, SubmissionReceived)
    assert fact.artifact == HASH
    (fact,) = record.when("submit-work", **WORK, artifact="b" * 64).facts
    assert isinstance(fact, SubmissionReceived)
    assert fact.artifact == "b" * 64
    record.when("save-work", **WORK, artifact=HASH).nothing()


def test_an_attempt_without_a_limit_does_not_expire() -> None:
    """It can be given up."""
    record = quiz(attempts=1)
    record.when("start-attempt", **WORK).then(started(None))
    record.when("expire-attempt", NOON + 999 * HOUR, **WORK).refused(AttemptUntimed)
    record.when("abandon-attempt", **WORK).then(AttemptAbandoned("q", "1", "given-up"))
    record.when("abandon-attempt", **WORK).nothing()
    record.when("submit-work", **WORK).refused(AttemptOver)


def test_a_time_factor_granted_on_the_way_moves_the_deadline() -> None:
    """Of the attempt under way [Moodle], and back again when it is taken back."""
    record = quiz(time_limit_s=600)
    record.when("start-attempt", **WORK)
    reason: Personal[str] = Personal(value="Noise")
    double, single = NOON + 1200 * SECONDS, NOON + 600 * SECONDS
    terms = {**LEARNER, "item": "q", "reason": "Noise"}
    record = record.when("grant-extension", **terms, time_factor="2").then(
        ExtensionGranted("q", time_factor="2", reason=reason),
        AttemptDeadlineMoved("q", "1", double, "2"),
    )
    record.when("expire-attempt", single + SECONDS, **WORK).refused(NotDue)
    assert record.decide("submit-work", WORK, double)
    facts = record.when("withdraw-extension", **terms).facts
    assert facts[1:] == (AttemptDeadlineMoved("q", "1", single, "1"),)
    record.when("submit-work", double, **WORK).refused(AttemptOver)


def test_who_left_keeps_what_was_begun_and_hands_nothing_in() -> None:
    """The time of their attempt runs out all the same."""
    record = quiz(time_limit_s=600).take()
    record.when("start-attempt", **WORK)
    record.take(LearnerWithdrawn())
    assert record.when("submit-work", **WORK).refusal is not None
    assert record.when("expire-attempt", NOON + HOUR, **WORK).facts


@pytest.mark.parametrize("command", ["save-work", "expire-attempt", "abandon-attempt"])
def test_an_attempt_that_never_began_has_no_end(command: str) -> None:
    """Look for a slip in the ids."""
    more = {"artifact": HASH} if command == "save-work" else {}
    quiz().when(command, **WORK, **more).refused(AttemptUnknown, attempt="1")


@pytest.mark.parametrize(
    "fields",
    [
        {"on_expiry": "abandon"},
        {"grace_s": 5},
        {"time_limit_s": 60, "grace_s": 5},
        {"time_limit_s": 60, "on_expiry": "grace"},
        {"time_limit_s": 0},
        {"cooldown_s": 0},
    ],
)
def test_terms_of_an_item_that_contradict_each_other_are_refused(fields: dict[str, Any]) -> None:
    """When they are published, naming the field."""
    body = {"run": RUN_ID, "items": [{"item": "q", "kind": "quiz", "title": "Q", **fields}]}
    with pytest.raises(ValidationError, match=next(reversed(fields))):
        DECISIONS["publish-content"].model.model_validate(body)


ALLOWED, LIMIT_S, COOLDOWN_S = 3, 60, 30


class Attempting(RuleBasedStateMachine):
    """One learner and one timed quiz, beside a model that knows nothing of facts."""

    @initialize(on_expiry=st.sampled_from(("submit", "grace", "abandon")))
    def begin(self, on_expiry: OnExpiry) -> None:
        """A quiz with everything."""
        self.grace_s = 20 if on_expiry == "grace" else 0
        self.on_expiry = on_expiry
        self.record = quiz(
            attempts=ALLOWED,
            time_limit_s=LIMIT_S,
            cooldown_s=COOLDOWN_S,
            on_expiry=on_expiry,
            grace_s=self.grace_s,
        )
        self.now = 0
        self.extra = 0
        self.begun: dict[str, int] = {}
        self.ended: dict[str, tuple[str, int]] = {}
        self.failed: set[str] = set()

    def send(self, command: str, attempt: str, **more: Any) -> bool:
        """Return whether it was taken; sent again it decides nothing, or is refused again."""
        body = {**WORK, "attempt": attempt, **more}
        at = NOON + self.now * SECONDS
        first = self.record.when(command, at, **body)
        again = self.record.when(command, at, **body)
        assert again.facts == ()
        assert (again.refusal is None) == (first.refusal is None)
        return bool(first.facts)

    @rule(seconds=st.integers(0, 50))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.now += seconds

    @rule(attempt=st.sampled_from("abcdef"))
    def start(self, attempt: str) -> None:
        """Begin an attempt."""
        under_way = self.begun.keys() - self.ended.keys()
        counted = [a for a in self.begun if a not in self.failed]
        times = [self.ended[a][1] for a in counted if a in self.ended]
        wanted = (
            attempt not in self.begun
            and not under_way
            and len(counted) < ALLOWED + self.extra
            and all(self.now - at >= COOLDOWN_S for at in times)
        )
        assert self.send("start-attempt", attempt) == wanted
        if wanted:
            self.begun[attempt] = self.now

    @rule(attempt=st.sampled_from("abcdef"))
    def submit(self, attempt: str) -> None:
        """Hand an attempt in."""
        wanted = (
            attempt in self.begun
            and attempt not in self.ended
            and self.now <= self.begun[attempt] + LIMIT_S + self.grace_s
        )
        assert self.send("submit-work", attempt) == wanted
        if wanted:
            deadline = self.begun[attempt] + LIMIT_S
            at = min(self.now, deadline) if self.on_expiry == "submit" else self.now
            self.ended[attempt] = ("submitted", at)

    @rule(attempt=st.sampled_from("abcdef"))
    def expire(self, attempt: str) -> None:
        """The scheduler looks at an attempt."""
        wanted = (
            attempt in self.begun
            and attempt not in self.ended
            and self.now >= self.begun[attempt] + LIMIT_S + self.grace_s
        )
        assert self.send("expire-attempt", attempt) == wanted
        if wanted and self.on_expiry == "submit":
            self.ended[attempt] = ("submitted", self.begun[attempt] + LIMIT_S)
        elif wanted:
            self.ended[attempt] = ("abandoned", self.begun[attempt])

    @rule(attempt=st.sampled_from("abcdef"))
    def fail(self, attempt: str) -> None:
        """A grader gives up on an attempt."""
        submitted = self.ended.get(attempt, ("", 0))[0] == "submitted"
        wanted = submitted and attempt not in self.failed
        assert self.send("report-grader-failure", attempt, grader="g") == wanted
        if wanted:
            self.failed.add(attempt)

    @rule(extra=st.integers(0, 2))
    def grant(self, extra: int) -> None:
        """More attempts, or fewer again."""
        body = {**LEARNER, "item": "q", "attempts": extra, "reason": "x"}
        self.record.when("grant-extension", NOON + self.now * SECONDS, **body)
        self.extra = extra

    @invariant()
    def never_more_than_one_is_under_way(self) -> None:
        """And the state knows as many attempts as the model."""
        if not hasattr(self, "record"):
            return
        state = self.record.states[f"main/enrolment/{RUN_ID}/{SUBJECT}"]
        attempts = state.attempts.get("q", ())
        assert len(attempts) == len(self.begun)
        assert sum(one.under_way for one in attempts) == len(self.begun.keys() - self.ended.keys())


TestAttempting = Attempting.TestCase
TestAttempting.settings = settings(deadline=None, max_examples=60, stateful_step_count=30)
