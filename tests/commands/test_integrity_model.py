"""Does what follows from violations stand exactly as long as one that is upheld says so?"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.assessment.facts import SubmissionReceived
from domain.integrity.facts import Consequence, IntegrityPolicy, IntegrityPolicyPublished, Penalty
from tests.given import ENROLLED, LEARNER, NOON, RUN_ID, SUBJECT, TENANT, TMA, Answer, given

PENALTIES: dict[str, tuple[Consequence, ...]] = {
    "plagiarism": ("void-attempt",),
    "collusion": ("void-attempt", "bar-certificate"),
    "impersonation": ("end-enrolment",),
}
ATTEMPTS = ("1", "2")
VIOLATIONS = st.sampled_from(("v", "w", "x"))


class Honesty(RuleBasedStateMachine):
    """One learner with two attempts, and beside the product each violation as what was reported and
    how it was found: what stands is read off those that are upheld."""

    def __init__(self) -> None:
        super().__init__()
        policy = IntegrityPolicy(
            penalties=tuple(Penalty(kind, follows) for kind, follows in PENALTIES.items())
        )
        self.record = given(
            *ENROLLED,
            IntegrityPolicyPublished(RUN_ID, 1, policy),
            *(SubmissionReceived(TMA.item, name, n, 1) for n, name in enumerate(ATTEMPTS, 1)),
        )
        self.reported: dict[str, tuple[str, str | None]] = {}
        self.found: dict[str, str] = {}
        self.enrolled = True

    def _send(self, command: str, **body: str) -> Answer:
        answer = self.record.when(command, NOON, **LEARNER, **body)
        again = self.record.when(command, NOON, **LEARNER, **body)
        assert not again.decided
        return answer

    def _upheld(self, consequence: Consequence) -> list[str]:
        return [
            violation
            for violation, finding in self.found.items()
            if finding == "upheld" and consequence in PENALTIES[self.reported[violation][0]]
        ]

    @rule(
        violation=VIOLATIONS,
        kind=st.sampled_from(sorted(PENALTIES)),
        attempt=st.sampled_from((*ATTEMPTS, None)),
    )
    def report(self, violation: str, kind: str, attempt: str | None) -> None:
        which = {} if attempt is None else {"attempt": attempt}
        answer = self._send(
            "report-violation", violation=violation, kind=kind, item=TMA.item, **which
        )
        known = self.reported.setdefault(violation, (kind, attempt))
        assert (answer.refusal is None) == (known == (kind, attempt))

    @rule(violation=VIOLATIONS)
    def uphold(self, violation: str) -> None:
        answer = self._send("uphold-violation", violation=violation, reason="Admitted")
        can = violation in self.reported and self.found.get(violation) != "dismissed"
        assert (answer.refusal is None) == can
        if can:
            fresh = violation not in self.found
            self.found[violation] = "upheld"
            if fresh and violation in self._upheld("end-enrolment"):
                self.enrolled = False

    @rule(violation=VIOLATIONS)
    def dismiss(self, violation: str) -> None:
        answer = self._send("dismiss-violation", violation=violation, reason="Quoted")
        assert (answer.refusal is None) == (violation in self.reported)
        if violation in self.reported:
            self.found[violation] = "dismissed"

    @rule()
    def enrol_again(self) -> None:
        answer = self._send("enrol-learner", mode="verified")
        if not self.enrolled:
            self.enrolled = not self._upheld("end-enrolment")
            assert (answer.refusal is None) == self.enrolled

    @invariant()
    def what_stands_is_what_is_upheld(self) -> None:
        """An attempt is void, a certificate barred and the learner out as the findings say."""
        state = self.record.states[f"{TENANT}/enrolment/{RUN_ID}/{SUBJECT}"]
        named = [self.reported[violation][1] for violation in self._upheld("void-attempt")]
        void = {one for attempt in named for one in ((attempt,) if attempt else ATTEMPTS)}
        assert {attempt for _, attempt, _ in state.integrity.voided} == void
        assert bool(state.credentials.bars) == bool(self._upheld("bar-certificate"))
        assert (state.standing == "active") == self.enrolled


TestHonesty = Honesty.TestCase
TestHonesty.settings = settings(deadline=None, max_examples=60, stateful_step_count=25)
