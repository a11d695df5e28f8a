"""When does a module unlock, and what is refused while it is locked?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pydantic import ValidationError

from commands.register import DECISIONS
from domain.catalogue.facts import ContentVersionPublished, Item, Module, Requirement
from domain.catalogue.rules import RunUnknown
from domain.engagement.facts import (
    ItemCompleted,
    ModuleRelocked,
    ModuleUnlocked,
    ModuleWaived,
    ModuleWaiverWithdrawn,
    Reached,
)
from domain.engagement.gating import decided
from domain.engagement.rules import ModuleLocked, ModuleUnknown
from domain.engagement.state import Viewing
from domain.enrolment.facts import LearnerEnrolled, LearnerWithdrawn
from domain.enrolment.rules import NotEnrolled
from domain.enrolment.state import Enrolment
from domain.grading.facts import ItemExcused, SubmissionGraded
from domain.kernel import Fact, Personal
from tests.given import ENROLLED, LEARNER, NOON, RUN_ID, SUBJECT, Record, given

ONE = (
    Item("q", "quiz", "Quiz", module="one", possible="40"),
    Item("p", "page", "Page", module="one"),
    Item("r", "quiz", "Other quiz", module="one", possible="60"),
    Item("v", "video", "Video", module="one", duration_ms=10_000),
)
TWO = (
    Item("x", "quiz", "Exam", module="two", time_limit_s=600),
    Item("y", "quiz", "Task", module="two"),
    Item("z", "page", "Last page", module="two"),
    Item("w", "video", "Last video", module="two", duration_ms=10_000),
)
LATER = Module("two", "Second", (Requirement("one", minimum_score="50", minimum_completion="75"),))


def content(relocks: bool = False, *, number: int = 2, module: Module = LATER) -> Fact:
    """Two modules, of which the second requires the first."""
    return ContentVersionPublished(
        RUN_ID, number, (*ONE, *TWO), modules=(Module("one"), module), relocks=relocks
    )


def submit(record: Record, item: str, raw: str) -> None:
    """Hand an item in, and have it graded."""
    work = {**LEARNER, "item": item, "attempt": "1"}
    record.when("submit-work", **work)
    record.when("grade-submission", **work, raw=raw, grader="g")


def unlocked(score: str, completion: str) -> ModuleUnlocked:
    """The second module was earned so."""
    return ModuleUnlocked("two", 2, (Reached("one", score, completion),))


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("submit-work", {"item": "y", "attempt": "1"}),
        ("start-attempt", {"item": "x", "attempt": "1"}),
        ("view-item", {"item": "z"}),
        ("watch-video", {"item": "w", "start_ms": 0, "end_ms": 1_000, "session": "s"}),
    ],
)
def test_what_is_in_a_locked_module_is_refused(command: str, body: dict[str, Any]) -> None:
    """Naming what it requires [Open edX]. A waiver opens it, and so does a run that requires
    nothing."""
    record = given(*ENROLLED, content())
    record.when(command, **LEARNER, **body).refused(ModuleLocked, module="two")
    assert given(*ENROLLED, content(module=Module("two"))).when(command, **LEARNER, **body).facts
    record.when("waive-module", **LEARNER, module="two", reason="Passed before")
    assert record.when(command, **LEARNER, **body).facts


def test_a_module_unlocks_by_score_and_completion() -> None:
    """score% >= minimum and completion% >= minimum of its prerequisites [Open edX]."""
    record = given(*ENROLLED, content())
    record.when("decide-modules", **LEARNER).nothing()
    record.when("view-item", **LEARNER, item="p")
    submit(record, "q", "40")
    record.when("decide-modules", **LEARNER).nothing()
    record.when("submit-work", **LEARNER, item="r", attempt="1")
    record.when("decide-modules", **LEARNER).nothing()
    record.when("grade-submission", **LEARNER, item="r", attempt="1", raw="9.9", grader="g")
    record.when("decide-modules", **LEARNER).nothing()
    record.when("grade-submission", **LEARNER, item="r", attempt="1", raw="10", grader="g")
    record = record.when("decide-modules", **LEARNER).then(unlocked("50", "75"))
    record.when("decide-modules", **LEARNER).nothing()
    assert record.when("view-item", **LEARNER, item="z").facts


def test_a_video_that_was_watched_counts_as_done() -> None:
    """It is known by its completion, in this term."""
    record = given(*ENROLLED, content())
    submit(record, "q", "40")
    submit(record, "r", "10")
    record.take(ItemCompleted("v", "coverage"))
    record.when("decide-modules", **LEARNER).then(unlocked("50", "75"))


def test_what_the_learner_is_excused_from_is_not_asked_for() -> None:
    """Neither its score nor that it be done."""
    record = given(*ENROLLED, content(), ItemExcused("r"), ItemExcused("v"))
    submit(record, "q", "20")
    record.when("view-item", **LEARNER, item="p")
    record.when("decide-modules", **LEARNER).then(unlocked("50", "100"))


def earned(relocks: bool) -> Record:
    """A learner who unlocked the second module, before the grade of the first was corrected."""
    record = given(*ENROLLED, content(relocks))
    submit(record, "q", "40")
    submit(record, "r", "60")
    record.when("view-item", **LEARNER, item="p")
    record.when("decide-modules", **LEARNER).then(unlocked("100", "75"))
    record.take(
        SubmissionGraded("r", "1", "0", "60", "g"), SubmissionGraded("q", "1", "39", "40", "g")
    )
    return record


def test_a_grade_that_falls_later_locks_nothing_again() -> None:
    """Unlocking is a fact [Open edX and Moodle re-lock silently]."""
    record = earned(relocks=False)
    record.when("decide-modules", **LEARNER).nothing()
    assert record.when("view-item", **LEARNER, item="z").facts


def test_a_run_can_choose_to_lock_again() -> None:
    """Then that is a fact, too [Open edX and Moodle re-lock silently]; what was begun goes on."""
    record = earned(relocks=True)
    record.when("start-attempt", **LEARNER, item="x", attempt="1")
    basis = (Reached("one", "39", "75"),)
    record.when("decide-modules", **LEARNER).then(ModuleRelocked("two", 2, basis))
    record.when("decide-modules", **LEARNER).nothing()
    record.when("view-item", **LEARNER, item="z").refused(ModuleLocked)
    assert record.when("submit-work", **LEARNER, item="x", attempt="1").facts


def test_a_waiver_has_a_reason_and_stands() -> None:
    """Whatever is reached, also where the run relocks; once."""
    record = given(*ENROLLED, content(relocks=True))
    body = {**LEARNER, "module": "two", "reason": "Passed before"}
    reason: Personal[str] = Personal(value="Passed before")
    record = record.when("waive-module", **body).then(ModuleWaived("two", reason))
    record.when("waive-module", **body).nothing()
    record.when("decide-modules", **LEARNER).nothing()
    record.when("waive-module", **{**body, "module": "none"}).refused(ModuleUnknown)
    record.when("waive-module", **{**body, "subject": "nobody"}).refused(NotEnrolled)
    record.when("waive-module", **{**body, "run": "X"}).refused(RunUnknown)


@pytest.mark.parametrize("command", ["waive-module", "withdraw-waiver"])
@pytest.mark.parametrize("wrong", [{}, {"reason": ""}])
def test_a_waiver_without_a_reason_is_malformed(command: str, wrong: dict[str, str]) -> None:
    """Granted or taken back. Source: rules.md, Gating."""
    with pytest.raises(ValidationError, match="reason"):
        DECISIONS[command].model.model_validate({**LEARNER, "module": "two", **wrong})


def test_a_waiver_can_be_taken_back() -> None:
    """The module is locked again unless it was earned meanwhile, and then that is said with it."""
    body = {**LEARNER, "module": "two"}
    why: Personal[str] = Personal(value="A mistake")
    record = given(*ENROLLED, content(relocks=False), ModuleWaived("two"))
    record = record.when("withdraw-waiver", **body, reason="A mistake").then(
        ModuleWaiverWithdrawn("two", why)
    )
    record.when("withdraw-waiver", **body, reason="A mistake").nothing()
    record.when("view-item", **LEARNER, item="z").refused(ModuleLocked)
    record = given(*ENROLLED, content(relocks=False), ModuleWaived("two"))
    submit(record, "q", "40")
    submit(record, "r", "10")
    record.when("view-item", **LEARNER, item="p")
    record.when("withdraw-waiver", **body, reason="A mistake").then(
        ModuleWaiverWithdrawn("two", why), unlocked("50", "75")
    )
    assert record.when("view-item", **LEARNER, item="z").facts


def test_who_left_unlocks_nothing_and_who_begins_afresh_begins_locked() -> None:
    """What was earned belongs to the term."""
    record = earned(relocks=False).take(LearnerWithdrawn())
    record.when("decide-modules", **LEARNER).nothing()
    record.take(LearnerEnrolled("audit", afresh=True))
    record.when("view-item", **LEARNER, item="z").refused(ModuleLocked)
    record.when("decide-modules", **LEARNER).nothing()


class Gated(RuleBasedStateMachine):
    """A learner and two modules, beside a model that only counts."""

    @initialize(relocks=st.booleans(), score=st.integers(0, 100), completion=st.integers(0, 100))
    def begin(self, relocks: bool, score: int, completion: int) -> None:
        """Any requirement."""
        wanted = Module("two", "", (Requirement("one", str(score), str(completion)),))
        self.relocks, self.score, self.completion = relocks, score, completion
        self.record = given(*ENROLLED, content(relocks, module=wanted))
        self.done: set[str] = set()
        self.points = {"q": 0, "r": 0}
        self.now = NOON
        self.open = False
        self.ever = False

    def decide(self) -> None:
        """What the policy does after every fact."""
        total = sum(self.points.values())
        met = total >= self.score and len(self.done) * 25 >= self.completion
        before = self.open
        self.open = met or (self.open and not self.relocks)
        facts = self.record.when("decide-modules", self.now, **LEARNER).facts
        assert bool(facts) == (before != self.open)
        self.record.when("decide-modules", self.now, **LEARNER).nothing()

    @rule(item=st.sampled_from(("q", "r")), points=st.integers(0, 40))
    def grade(self, item: str, points: int) -> None:
        """Hand in and grade, or grade otherwise."""
        submit(self.record, item, str(points))
        self.done.add(item)
        self.points[item] = points
        self.decide()

    @rule()
    def view(self) -> None:
        """Open the page."""
        self.record.when("view-item", self.now, **LEARNER, item="p")
        self.done.add("p")
        self.decide()

    @rule()
    def watch(self) -> None:
        """Watch the video to its end."""
        self.now += timedelta(minutes=1)
        body = {**LEARNER, "item": "v", "start_ms": 0, "end_ms": 10_000, "session": "s"}
        self.record.when("watch-video", self.now, **body)
        self.done.add("v")
        self.decide()

    @invariant()
    def what_is_open_can_be_opened(self) -> None:
        """And nothing else."""
        if not hasattr(self, "record"):
            return
        state = self.record.states.get(f"main/enrolment/{RUN_ID}/{SUBJECT}", Enrolment())
        if "z" not in state.viewed:
            answer = self.record.when("view-item", self.now, **LEARNER, item="z")
            assert bool(answer.facts) == self.open
            self.ever |= self.open


TestGated = Gated.TestCase
TestGated.settings = settings(deadline=None, max_examples=40, stateful_step_count=20)


def test_a_run_without_requirements_decides_nothing() -> None:
    """It costs nothing, and no module is ever locked."""
    record = given(*ENROLLED)
    state = record.states[f"main/enrolment/{RUN_ID}/{SUBJECT}"]
    plain = record.states[f"main/run-content/{RUN_ID}"]
    assert list(decided(plain, state, Viewing().completed)) == []
