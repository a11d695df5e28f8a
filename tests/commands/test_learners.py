"""Are people registered, changed and merged as they should be?"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from commands.learners.register_learner import PSEUDONYM_CHARACTERS, RegisterLearner
from domain.kernel import Personal
from domain.learners.facts import (
    Goal,
    GoalsSet,
    LearnerRegistered,
    LearnersMerged,
    LearnersUnmerged,
    PreferencesSet,
    ProfileChanged,
)
from domain.learners.rules import LearnerIsMerged, LearnerIsRegistered, LearnerUnknown, NotMerged
from domain.learners.state import LEARNER, Learner
from tests.given import SUBJECT, TENANT, Record, given, mark

ADA = LearnerRegistered(SUBJECT, Personal("Ada", mark=mark("Ada")), language="en")
WHY = {"reason": "One person"}


def personal(value: Any) -> Personal[Any]:
    """A personal value as a decision makes it."""
    return Personal(value, mark=mark(value))


def test_a_registration_holds_what_is_told() -> None:
    """Sent again it changes nothing; another one under the pseudonym is refused."""
    told = {"subject": SUBJECT, "name": "Ada", "language": "en"}
    record = given().when("register-learner", **told).then(ADA)
    record.when("register-learner", **told).nothing()
    record.when("register-learner", subject=SUBJECT, name="Bob").refused(LearnerIsRegistered)


def test_a_pseudonym_is_drawn_where_none_is_given() -> None:
    """It is never the same, and says nothing of anybody."""
    drawn = {RegisterLearner(name="Ada").subject for _ in range(50)}
    assert len(drawn) == 50
    assert all(len(one) == PSEUDONYM_CHARACTERS and one.isalnum() for one in drawn)


def test_a_change_holds_only_what_is_different() -> None:
    """What is told and so already is left out; nothing different is no fact."""
    record = given(ADA)
    record.when("change-profile", subject=SUBJECT, name="Ada", language="fr").then(
        ProfileChanged(language="fr")
    )
    record.when("change-profile", subject=SUBJECT, name="Ada", clear=["email"]).nothing()
    record.when("change-profile", subject=SUBJECT, name="Ada L.", clear=["language"]).then(
        ProfileChanged(personal("Ada L."), cleared=("language",))
    )
    record.when("change-profile", subject=SUBJECT, clear=["language"]).nothing()


def test_nothing_is_told_of_somebody_unknown() -> None:
    """A profile needs a registration; facts of enrolments do not."""
    for name, body in (
        ("change-profile", {"name": "Ada"}),
        ("set-preferences", {"notices": ["grades"]}),
        ("set-goals", {"goals": [{"text": "Pass"}]}),
        ("merge-learners", {"into": "other", **WHY}),
    ):
        given().when(name, subject=SUBJECT, **body).refused(LearnerUnknown)


def test_preferences_and_goals_are_set_as_a_whole() -> None:
    """The same again is no fact; none of them is one, after some."""
    record = given(ADA)
    record.when("set-preferences", subject=SUBJECT, notices=["b", "a", "a"]).then(
        PreferencesSet(("a", "b"))
    )
    record.when("set-preferences", subject=SUBJECT, notices=["a", "b"]).nothing()
    goals = {"goals": [{"text": "Pass"}]}
    set_ = GoalsSet(Personal((Goal("Pass"),), mark=mark([{"text": "Pass"}])))
    assert record.when("set-goals", subject=SUBJECT, **goals).facts[0].goals.value == (
        set_.goals.value
    )
    record.when("set-goals", subject=SUBJECT, **goals).nothing()
    assert len(record.when("set-goals", subject=SUBJECT, goals=[]).facts) == 1


def test_a_merger_stands_on_both_records() -> None:
    """The reason stands with the one merged away, which takes no more of the person."""
    record = given(ADA)
    merged = record.when("merge-learners", subject="old", into=SUBJECT, **WHY)
    away, into = merged.decided
    assert away.stream == f"{TENANT}/learner/old"
    assert away.fact == LearnersMerged("away", "old", SUBJECT, (), Personal("One person"))
    assert into.stream == f"{TENANT}/learner/{SUBJECT}"
    assert into.fact == LearnersMerged("into", "old", SUBJECT)
    record.when("merge-learners", subject="old", into=SUBJECT, **WHY).nothing()
    record.when("register-learner", subject="old", name="Ada").refused(
        LearnerIsMerged, merged_into=SUBJECT
    )


def test_what_was_merged_before_comes_along() -> None:
    """And goes again when the merger is taken back."""
    record = given(ADA)
    record.when("register-learner", subject="newer", name="Ada")
    record.when("merge-learners", subject="old", into=SUBJECT, **WHY)
    record.when("merge-learners", subject=SUBJECT, into="newer", **WHY)
    newer: Learner = record.states[f"{TENANT}/learner/newer"]
    assert newer.others == (SUBJECT, "old") or newer.others == ("old", SUBJECT)
    record.when("unmerge-learners", subject="old", into=SUBJECT, **WHY).refused(LearnerIsMerged)
    taken = record.when("unmerge-learners", subject=SUBJECT, into="newer", **WHY)
    assert taken.facts[1] == LearnersUnmerged("into", SUBJECT, "newer", ("old",))
    assert record.states[f"{TENANT}/learner/newer"].others == ()
    assert record.states[f"{TENANT}/learner/{SUBJECT}"].others == ("old",)


def test_only_what_is_merged_is_taken_apart() -> None:
    """Another pair is refused."""
    record = given(ADA)
    record.when("merge-learners", subject="old", into=SUBJECT, **WHY)
    record.when("unmerge-learners", subject="old", into="else", **WHY).refused(NotMerged)


PEOPLE = ("a", "b", "c", "d")


class Mergers(RuleBasedStateMachine):
    """Whatever is merged and taken apart, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.record = Record()
        for one in PEOPLE:
            self.record.when("register-learner", subject=one, name=one)

    def state(self, subject: str) -> Learner:
        """The record as decisions see it."""
        found: Learner = self.record.states.get(f"{TENANT}/learner/{subject}", LEARNER.initial)
        return found

    @rule(pair=st.permutations(PEOPLE))
    def merge(self, pair: list[str]) -> None:
        """Two records may be merged unless one of them points elsewhere."""
        free = all(self.state(one).merged_into is None for one in pair[:2])
        so = self.state(pair[0]).merged_into == pair[1]
        answer = self.record.when("merge-learners", subject=pair[0], into=pair[1], **WHY)
        assert bool(answer.facts) == free
        assert (answer.refusal is None) == (free or so)

    @rule(pair=st.permutations(PEOPLE))
    def unmerge(self, pair: list[str]) -> None:
        """What is taken apart is as it was before it was merged."""
        before = self.state(pair[0])
        answer = self.record.when("unmerge-learners", subject=pair[0], into=pair[1], **WHY)
        if answer.facts:
            assert before.merged_into == pair[1]
            assert self.state(pair[0]).others == before.others

    @invariant()
    def pointers_lead_to_one_record(self) -> None:
        """No circles, and the record at the end names exactly those that lead there."""
        ends: dict[str, set[str]] = {}
        for one in PEOPLE:
            at = one
            for _ in PEOPLE:
                at = self.state(at).merged_into or at
            assert self.state(at).merged_into is None
            ends.setdefault(at, set()).add(one)
        for end, led in ends.items():
            assert {end, *self.state(end).others} == led


TestMergers = Mergers.TestCase
TestMergers.settings = settings(deadline=None, max_examples=40, stateful_step_count=20)
