"""Is work that is due so long after enrolling scored as missing when its time comes, and once?

Commands decide as they do in the product, and what they decide is followed; the scheduler and its
due list are the product's, the log is a list.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from commands.requests import Cause
from domain.access import Principal
from domain.assessment.facts import SubmissionReceived
from domain.catalogue.facts import (
    Category,
    Cutoff,
    GradingPolicyPublished,
    Item,
    LatePolicy,
    WeightedPolicy,
)
from domain.due import NotDue
from domain.grading.facts import MissingWorkCleared, MissingWorkScored
from domain.kernel import Fact
from infra.stores.due_memory import MemoryDue
from projections.due import DUE
from streams.policies.clock import SteadyClock
from streams.policies.scheduler import Scheduler
from streams.ports import Dispatched, Order
from tests.given import COURSE_FACT, LEARNER, RUN_ID, TENANT, Placed, Record, content, day, run
from tests.given import placed as standing
from tests.readings.recorded import Recorded

WEEK = timedelta(days=7)
QUIZ = Item("q1", "quiz", "Quiz", due_after_s=7 * 86_400, possible="10")
POLICY = GradingPolicyPublished(
    RUN_ID,
    1,
    WeightedPolicy((Category("TMA", "1"),), (Cutoff("Pass", 40),)),
    LatePolicy(missing="100"),
)
ENROL = {**LEARNER, "mode": "audit"}
ITEM = {**LEARNER, "item": "q1"}


class School:
    """A little institution whose scheduler follows what it decides."""

    def __init__(self, *facts: Fact) -> None:
        self.now = day(0, 0)
        self.record, self.log, self.due = Record(), Recorded(), MemoryDue(DUE, lambda: self.now)
        self.keys: set[str] = set()
        self.take(*(standing(fact, at=self.now) for fact in facts))
        clock = SteadyClock(lambda: self.now, lambda: (self.now - day(0, 0)).total_seconds())
        self.scheduler = Scheduler(self.due, self, self.dispatch, clock)
        self.step()

    async def active_at(self, _tenant: str, _run: str, _position: int) -> Sequence[str]:
        streams = ((name, name.split("/")) for name in self.record.states)
        return [
            ids[3]
            for name, ids in streams
            if ids[1] == "enrolment" and self.record.states[name].active
        ]

    async def dispatch(
        self, order: Order, _principal: Principal, _cause: Cause, _at: datetime | None = None
    ) -> Dispatched:
        if order.key in self.keys:
            return Dispatched("unchanged")
        try:
            decided = self.record.decide(order.command, dict(order.body), self.now)
        except NotDue as refusal:
            return Dispatched("refused", refusal.rule, refusal.due)
        self.keys.add(order.key)
        self.record.take(*decided)
        self.follow(*decided)
        return Dispatched("recorded" if decided else "unchanged")

    def take(self, *facts: Placed) -> None:
        self.record.take(*facts)
        self.follow(*facts)

    def follow(self, *facts: Placed) -> None:
        for one in facts:
            envelope = self.log.add(one.stream.removeprefix(f"{TENANT}/"), one.fact, at=one.at)
            self.due.take(envelope)

    def send(self, command: str, **body: Any) -> tuple[Fact, ...]:
        answer = self.record.when(command, self.now, **body)
        assert answer.refusal is None, answer.refusal
        self.follow(*answer.decided)
        self.step()
        return answer.facts

    def step(self) -> None:
        asyncio.run(self.scheduler.step())

    def on(self, at: datetime) -> None:
        self.now = at
        self.step()

    def scored(self) -> list[tuple[datetime, Fact]]:
        said = MissingWorkScored | MissingWorkCleared
        return [(one.at, one.fact) for one in self.record.history if isinstance(one.fact, said)]


@pytest.fixture
def school() -> School:
    return School(COURSE_FACT, run(), content(QUIZ), POLICY)


def missing(due: datetime) -> MissingWorkScored:
    return MissingWorkScored("q1", "0", "10", due, "100", 1)


def just_after(due: datetime) -> datetime:
    return due + timedelta(microseconds=1)


def test_it_is_scored_just_after_the_learner_s_own_date_and_once(school: School) -> None:
    """min(enrolment start + offset, run end) [edx-when]; the moment itself is in time [Canvas]."""
    school.on(day(3))
    school.send("enrol-learner", **ENROL)
    due = day(3) + WEEK
    school.on(due)
    assert school.scored() == []
    for at in (just_after(due), due + WEEK):
        school.on(at)
    assert school.scored() == [(just_after(due), missing(due))]


def test_each_learner_has_their_own_date(school: School) -> None:
    """Who enrols two days later has two days more; who handed in has nothing missing."""
    school.send("enrol-learner", **ENROL)
    school.on(day(2))
    school.send("enrol-learner", **{**ENROL, "subject": "later"})
    school.send("enrol-learner", **{**ENROL, "subject": "diligent"})
    school.take(standing(SubmissionReceived("q1", "1", 1, 1), subject="diligent", at=school.now))
    school.on(day(0) + WEEK)
    school.on(just_after(day(2) + WEEK))
    assert [fact.due for _, fact in school.scored()] == [day(0, 0) + WEEK, day(2) + WEEK]  # type: ignore[attr-defined]


def test_it_survives_an_extension_and_its_withdrawal(school: School) -> None:
    """Another date for the learner holds as long as it stands."""
    school.send("enrol-learner", **ENROL)
    granted = day(20)
    school.send("grant-extension", **ITEM, due=granted.isoformat(), reason="Ill")
    school.on(just_after(day(0, 0) + WEEK))
    assert school.scored() == []
    school.on(just_after(granted))
    school.on(granted + WEEK)
    assert school.scored() == [(just_after(granted), missing(granted))]

    again = School(COURSE_FACT, run(), content(QUIZ), POLICY)
    again.send("enrol-learner", **ENROL)
    again.send("grant-extension", **ITEM, due=granted.isoformat(), reason="Ill")
    again.send("withdraw-extension", **ITEM, reason="Granted to the wrong learner")
    due = day(0, 0) + WEEK
    again.on(just_after(due))
    again.on(just_after(granted))
    assert again.scored() == [(just_after(due), missing(due))]


def test_an_override_of_the_run_holds_until_it_is_removed(school: School) -> None:
    """What had fallen due by the learner's own date is scored when that counts again."""
    school.send("enrol-learner", **ENROL)
    there = {"run": RUN_ID, "item": "q1", "reason": "Snow"}
    school.send("override-due-date", **there, due=day(30).isoformat())
    school.on(day(9))
    assert school.scored() == []
    school.send("remove-due-override", **there)
    assert school.scored() == [(day(9), missing(day(0, 0) + WEEK))]


def test_who_is_in_already_is_asked_for_when_content_or_policy_come() -> None:
    """A version or a policy published after they enrolled counts for them all the same."""
    school = School(COURSE_FACT, run())
    school.send("enrol-learner", **ENROL)
    body = {"item": "q1", "kind": "quiz", "title": "Quiz", "due_after_s": 7 * 86_400}
    school.send("publish-content", run=RUN_ID, items=[{**body, "possible": "10"}])
    policy = {
        "categories": [{"name": "TMA", "weight": 1}],
        "cutoffs": [{"letter": "Pass", "percent": 40}],
    }
    school.send("publish-grading-policy", run=RUN_ID, policy=policy, late={"missing": 100})
    due = day(0, 0) + WEEK
    school.on(just_after(due))
    assert school.scored() == [(just_after(due), missing(due))]
    body["item"] = "q2"
    body["due_after_s"] = 86_400
    school.send("publish-content", run=RUN_ID, items=[{**body, "possible": "10"}])
    (_, second) = school.scored()
    assert second[1] == MissingWorkScored("q2", "0", "10", day(1, 0), "100", 1)


def test_it_follows_the_run_when_that_is_rescheduled(school: School) -> None:
    """A run that ends earlier has it due earlier; one that starts later, later."""
    school.send("enrol-learner", **ENROL)
    ends = day(4, 0)
    school.send("reschedule-run", run=RUN_ID, starts=day(0, 0).isoformat(), ends=ends.isoformat())
    school.on(just_after(ends))
    assert school.scored() == [(just_after(ends), missing(ends))]

    later = School(COURSE_FACT, run(), content(QUIZ), POLICY)
    later.send("enrol-learner", **ENROL)
    starts = day(5, 0).isoformat()
    later.send("reschedule-run", run=RUN_ID, starts=starts, ends=day(99).isoformat())
    later.on(just_after(day(0, 0) + WEEK))
    assert later.scored() == []
    due = day(5, 0) + WEEK
    later.on(just_after(due))
    assert later.scored() == [(just_after(due), missing(due))]


def test_a_run_that_scores_no_missing_work_asks_for_nothing() -> None:
    """Nobody is troubled; the fact says nothing of dates."""
    school = School(COURSE_FACT, run(), content(QUIZ))
    (enrolled,) = school.send("enrol-learner", **ENROL)
    assert not enrolled.missing_from  # type: ignore[attr-defined]
    school.on(day(30))
    assert (school.scored(), school.keys) == ([], set())
