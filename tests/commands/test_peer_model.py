"""Do claims, leases and reviews go as a plain list says, and is no slot held twice?"""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from statistics import median
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.catalogue.facts import Criterion, Item, PeerTask
from domain.enrolment.facts import LearnerEnrolled
from domain.integrity.facts import IntegrityPolicy, IntegrityPolicyPublished, Penalty
from domain.kernel import Fact
from domain.peer_review.facts import (
    PeerScoreFinalized,
    ReviewClaimed,
    ReviewLeaseExpired,
    ReviewSubmitted,
    SubmissionPooled,
)
from tests.given import COURSE_FACT, NOON, RUN_ID, Answer, content, given, placed, run

LEARNERS = ("a", "b", "c", "d")
who = st.sampled_from(LEARNERS)


class PeerReview(RuleBasedStateMachine):
    """Four learners at one peer task, and beside the product what each submission has, in hours and
    plain lists; no state of the product is looked at, only its facts."""

    @initialize(by=st.integers(1, 3), more=st.integers(0, 2), flexible=st.booleans())
    def begin(self, by: int, more: int, flexible: bool) -> None:
        self.owed, self.slots, self.flexible = by + more, by, flexible
        terms = PeerTask(self.owed, by, (Criterion("all", 9),), flexible)
        essay = Item("essay", "peer-task", "Essay", attempts=1, peer=terms)
        enrolled = [placed(LearnerEnrolled("audit"), subject=learner) for learner in LEARNERS]
        self.record = given(COURSE_FACT, run(), content(essay), *enrolled)
        self.hour = 0
        self.names = 0
        self.pooled: dict[str, int] = {}
        """Authors in the order of their submissions, with the hour."""
        self.made: dict[str, dict[str, int]] = {}
        """Points by author and reviewer."""
        self.leases: dict[str, tuple[str, str, int]] = {}
        """By reviewer: the author, the review, and the hour in which the lease ends."""
        self.scores: dict[str, int] = {}
        self.staffed: set[str] = set()
        self.voided: dict[str, str] = {}
        """By author: the violation that voids their work."""
        penalty = Penalty("copied", ("void-attempt",))
        self.record.take(IntegrityPolicyPublished(RUN_ID, 1, IntegrityPolicy(penalties=(penalty,))))

    def _send(self, name: str, subject: str, **more: Any) -> Answer:
        at = NOON + timedelta(hours=self.hour)
        return self.record.when(name, at, run=RUN_ID, subject=subject, item="essay", **more)

    def _holders(self, author: str) -> set[str]:
        return {
            reviewer
            for reviewer, (of, _, ends) in self.leases.items()
            if of == author and self.hour < ends
        }

    def _next(self, reviewer: str) -> str | None:
        """Return whose work is next: a sort over everything, by the words of rules.md."""
        owes = sum(reviewer in by for by in self.made.values()) < self.owed
        choices = []
        for place, author in enumerate(self.pooled):
            completed, held = len(self.made[author]), len(self._holders(author))
            if author in (reviewer, *self.voided) or reviewer in self.made[author]:
                continue
            free = completed + held < self.slots
            if free or (completed >= self.slots and owes):
                choices.append((completed + held, place, author))
        return min(choices)[2] if choices else None

    @rule(hours=st.sampled_from((1, 3, 8, 24, 100)))
    def wait(self, hours: int) -> None:
        self.hour += hours

    @rule(author=who)
    def hand_in(self, author: str) -> None:
        answer = self._send("submit-work", author, attempt="1")
        if author in self.pooled:
            answer.nothing()
            return
        assert [type(fact).__name__ for fact in answer.facts][1:] == ["SubmissionPooled"]
        self.pooled[author] = self.hour
        self.made[author] = {}

    @rule(reviewer=who)
    def claim(self, reviewer: str) -> None:
        self.names += 1
        review = f"r{self.names}"
        answer = self._send("claim-review", reviewer, review=review)
        open_until = self.leases.get(reviewer, ("", "", -1))[2]
        expected = self._next(reviewer)
        if reviewer not in self.pooled or self.hour < open_until or expected is None:
            assert answer.refusal is not None
            return
        claimed = answer.facts[-1]
        assert isinstance(claimed, ReviewClaimed)
        assert claimed.author == expected
        self.leases[reviewer] = (expected, review, self.hour + 8)
        self._send("claim-review", reviewer, review=review).nothing()

    @rule(reviewer=who, points=st.integers(0, 9))
    def review(self, reviewer: str, points: int) -> None:
        author, review, ends = self.leases.get(reviewer, ("", "none", -1))
        parts = [{"criterion": "all", "points": points}]
        answer = self._send("submit-review", reviewer, review=review, parts=parts)
        if self.hour >= ends:
            assert answer.refusal is not None
            return
        assert isinstance(answer.facts[0], ReviewSubmitted)
        self.made[author][reviewer] = points
        del self.leases[reviewer]

    @rule(reviewer=who)
    def scheduler_comes(self, reviewer: str) -> None:
        """However late: it only takes note."""
        _, review, ends = self.leases.get(reviewer, ("", "none", -1))
        answer = self._send("expire-review-lease", reviewer, review=review)
        assert bool(answer.facts) <= (self.hour >= ends)

    @rule(author=who)
    def staff_scores(self, author: str) -> None:
        body = {"run": RUN_ID, "subject": author, "item": "essay", "attempt": "1"}
        answer = self.record.when("grade-submission", NOON, **body, raw=1, grader="tutor")
        if answer.facts:
            self.staffed.add(author)

    @rule(author=who)
    def void_or_restore(self, author: str) -> None:
        """Where work was handed in it leaves the pool, or comes back."""
        self.names += 1
        at = NOON + timedelta(hours=self.hour)
        about = {"run": RUN_ID, "subject": author, "reason": "Because"}
        if author in self.voided:
            violation = self.voided.pop(author)
            about["violation"] = violation
            facts = self.record.when("dismiss-violation", at, **about).facts
            names = ["ViolationDismissed", "AttemptRestored", "SubmissionReturned"]
        elif author in self.pooled:
            violation = self.voided[author] = about["violation"] = f"v{self.names}"
            report = {"run": RUN_ID, "subject": author, "violation": violation}
            self.record.when("report-violation", at, **report, kind="copied", item="essay")
            facts = self.record.when("uphold-violation", at, **about).facts
            names = ["ViolationUpheld", "AttemptVoided", "SubmissionWithdrawn"]
        else:
            return
        assert [type(fact).__name__ for fact in facts] == names

    @rule(author=who)
    def score(self, author: str) -> None:
        answer = self._send("finalize-peer-score", author)
        settled = {*self.scores, *self.staffed, *self.voided}
        if author not in self.pooled or author in settled:
            answer.nothing()
            return
        received = sorted(self.made[author].values())
        relaxed = self.flexible and self.hour >= self.pooled[author] + 7 * 24
        needed = max(1, int(self.slots * 0.3)) if relaxed else self.slots
        done = sum(author in by for by in self.made.values())
        if len(received) < needed or done < self.owed:
            assert answer.refusal is not None
            return
        (fact,) = answer.facts
        assert isinstance(fact, PeerScoreFinalized)
        self.scores[author] = ceil(median(received))
        assert fact.raw == str(self.scores[author])

    @invariant()
    def the_facts_alone_show_no_slot_held_twice(self) -> None:
        """While a submission lacks reviews, no more are made and open together than it wants; and
        nobody reviews their own work, or the same twice."""
        if not hasattr(self, "record"):
            return
        made: dict[str, set[str]] = {}
        held: dict[str, set[str]] = {}
        for _, fact, _ in self.record.history:
            self._follow(fact, made, held)

    def _follow(self, fact: Fact, made: dict[str, set[str]], held: dict[str, set[str]]) -> None:
        match fact:
            case SubmissionPooled(subject=author):
                made[author], held[author] = set(), set()
            case ReviewClaimed(subject=reviewer, author=author):
                assert reviewer != author
                assert reviewer not in made[author] | held[author]
                held[author].add(reviewer)
                if len(made[author]) < self.slots:
                    assert len(made[author]) + len(held[author]) <= self.slots
            case ReviewSubmitted(subject=reviewer, author=author):
                held[author].remove(reviewer)
                made[author].add(reviewer)
            case ReviewLeaseExpired(subject=reviewer, author=author):
                held[author].remove(reviewer)


TestPeerReview = PeerReview.TestCase
TestPeerReview.settings = settings(deadline=None, max_examples=150, stateful_step_count=40)
