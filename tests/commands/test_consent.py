"""Does consent count exactly where it was given to what is in force?"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.consent.facts import ConsentGiven, ConsentWithdrawn, PurposePublished
from domain.consent.rules import ConsentNotAsked, PurposeUnknown, PurposeVersionOther
from domain.learners.facts import RecordCorrected
from domain.learners.rules import LearnerIsMerged
from domain.learners.state import LEARNER, Learner
from tests.given import SUBJECT, TENANT, Record, given, mark

PURPOSE = {"purpose": "analytics", "basis": "consent", "title": "Analytics", "text": "What you do"}
PUBLISHED = PurposePublished("analytics", 1, "consent", "Analytics", "What you do")
GIVE = {"subject": SUBJECT, "purpose": "analytics"}
WRONG = "00000000-0000-8000-8000-000000000001"


def test_a_purpose_counts_its_versions() -> None:
    """Published as it stands, nothing is recorded."""
    record = given().when("publish-purpose", **PURPOSE).then(PUBLISHED)
    record.when("publish-purpose", **PURPOSE).nothing()
    assert record.when("publish-purpose", **PURPOSE | {"text": "More"}).facts[0].version == 2


def test_consent_is_to_the_version_in_force() -> None:
    """Once; to another version, or where there is no choice, it is refused."""
    record = given(PUBLISHED)
    record.when("give-consent", **GIVE, version=1).then(ConsentGiven("analytics", 1))
    record.when("give-consent", **GIVE, version=1).nothing()
    record.when("give-consent", **GIVE, version=2).refused(PurposeVersionOther, in_force=1)
    record.when("publish-purpose", **PURPOSE | {"retired": True})
    record.when("give-consent", **GIVE, version=2).refused(ConsentNotAsked)
    record.when("publish-purpose", **PURPOSE | {"basis": "contract"})
    record.when("give-consent", **GIVE, version=3).refused(ConsentNotAsked, basis="contract")
    record.when("give-consent", **GIVE | {"purpose": "other"}, version=1).refused(PurposeUnknown)


def test_withdrawing_is_refused_to_nobody() -> None:
    """Where nothing was given, nothing is recorded."""
    record = given(PUBLISHED)
    record.when("withdraw-consent", **GIVE).nothing()
    record.when("give-consent", **GIVE, version=1)
    record.when("withdraw-consent", **GIVE).then(ConsentWithdrawn("analytics", 1))
    record.when("withdraw-consent", **GIVE).nothing()


def test_a_person_withdraws_for_all_their_records() -> None:
    """Also for what was given under a record that was merged away; there no other can be given."""
    record = given(PUBLISHED)
    record.when("give-consent", **GIVE, version=1)
    record.when("register-learner", subject="ada")
    record.when("merge-learners", subject=SUBJECT, into="ada", reason="One")
    record.when("give-consent", **GIVE, version=1).refused(LearnerIsMerged)
    (fact,) = record.when("withdraw-consent", **GIVE | {"subject": "ada"}).decided
    assert fact.stream == f"{TENANT}/learner/{SUBJECT}"
    record.when("withdraw-consent", **GIVE).nothing()


def test_a_correction_points_at_what_is_wrong() -> None:
    """The same said again is no fact; something else said of it is one."""
    record = given()
    said = {"subject": SUBJECT, "position": 7, "fact": WRONG, "statement": "Not on Monday"}
    (fact,) = record.when("correct-record", **said).facts
    assert isinstance(fact, RecordCorrected)
    assert (fact.position, fact.corrects, fact.right) == (7, WRONG, None)
    assert fact.statement.mark == mark(f"{WRONG}/None/Not on Monday")
    record.when("correct-record", **said).nothing()
    assert record.when("correct-record", **said | {"statement": "On Tuesday"}).facts


class Agreements(RuleBasedStateMachine):
    """Whatever is published, agreed to, merged and withdrawn, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.record = Record()
        self.model: dict[str, int] = {}
        self.version, self.text = 0, ""
        for one in ("a", "b"):
            self.record.when("register-learner", subject=one, name=one)

    def state(self, subject: str) -> Learner:
        """The record as decisions see it."""
        found: Learner = self.record.states.get(f"{TENANT}/learner/{subject}", LEARNER.initial)
        return found

    @rule(text=st.sampled_from(("This", "That")))
    def publish(self, text: str) -> None:
        """Another text is another version."""
        self.record.when("publish-purpose", **PURPOSE | {"text": text})
        self.version += text != self.text
        self.text = text

    @rule(subject=st.sampled_from(("a", "b")), version=st.integers(1, 4))
    def give(self, subject: str, version: int) -> None:
        """Only the version in force is agreed to, and not on a record that was merged away."""
        answer = self.record.when(
            "give-consent", subject=subject, purpose="analytics", version=version
        )
        may = version == self.version and self.state(subject).merged_into is None
        assert (answer.refusal is None) == may
        if may:
            self.model[subject] = version

    @rule(subject=st.sampled_from(("a", "b")))
    def withdraw(self, subject: str) -> None:
        """Never refused, and for all records that were merged into this one."""
        answer = self.record.when("withdraw-consent", subject=subject, purpose="analytics")
        assert answer.refusal is None
        for one in (subject, *self.state(subject).others):
            self.model.pop(one, None)

    @rule()
    def merge(self) -> None:
        """The consents of both stay as they are."""
        self.record.when("merge-learners", subject="a", into="b", reason="One")

    @rule()
    def unmerge(self) -> None:
        """Likewise."""
        self.record.when("unmerge-learners", subject="a", into="b", reason="Two")

    @invariant()
    def holds_what_was_given(self) -> None:
        """Exactly that, on each record."""
        held = {
            one: self.state(one).consents["analytics"]
            for one in ("a", "b")
            if "analytics" in self.state(one).consents
        }
        assert held == self.model


TestAgreements = Agreements.TestCase
TestAgreements.settings = settings(deadline=None, max_examples=40, stateful_step_count=20)
