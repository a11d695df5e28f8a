"""Is a certificate issued exactly when the plain rule says so, whatever comes in which order?"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.credentials.facts import CertificateIssued, CertificateReissued
from domain.grading.facts import CourseFailed, CoursePassed
from domain.kernel import Envelope
from streams.policies.issue_certificate import IssueCertificate
from tests.given import LEARNER, NOON, RUN_ID, RUNNING, SUBJECT, Placed, Record, given

WHY = {**LEARNER, "reason": "Because"}


class Roster:
    """Says who waits, from the record itself."""

    def __init__(self, record: Record) -> None:
        self._record = record

    async def active_at(self, *_: Any) -> Sequence[str]:
        return ()

    async def with_facts(
        self, _tenant: str, _run: str, _position: int, types: Collection[str], without: str
    ) -> Sequence[str]:
        here = [
            type(fact).__name__ for stream, fact, _ in self._record.history if SUBJECT in stream
        ]
        return (SUBJECT,) if set(here) & set(types) and without not in here else ()


class Certificates(RuleBasedStateMachine):
    """One learner in one run, and beside the product the rule as rules.md writes it [Open edX], in
    plain variables; the policy acts on every fact, as it does on the log."""

    def __init__(self) -> None:
        super().__init__()
        self.record = given(*RUNNING)
        self.policy = IssueCertificate(Roster(self.record))
        self.mode: str | None = None
        self.enrolled = False
        self.board: str | None = None
        self.computed = False
        self.released = True
        self.wants_identity = False
        self.identity = False
        self.allowed = self.barred = False
        self.ever = False
        """Whether the rule was met at any moment."""
        self.certificates: list[str] = []

    def _send(self, command: str, /, **body: Any) -> None:
        answer = self.record.when(command, NOON, **body)
        for entry in answer.decided:
            self._react(entry)

    def _react(self, entry: Placed) -> None:
        fact, stream = entry.fact, entry.stream
        if isinstance(fact, CertificateIssued | CertificateReissued):
            self.certificates.append(fact.certificate)
        if type(fact).__name__ not in self.policy.facts:
            return
        version = sum(one.stream == stream for one in self.record.history)
        cause = Envelope(
            1, NOON, version, stream, "id", "", 1, NOON, "main", None, "a", "c", "c", None, fact
        )
        for order in asyncio.run(self.policy.orders(cause)):
            self._send(order.command, **order.body)

    def _note(self) -> None:
        passed = self.board in ("pass", "distinction") if self.board else self.computed
        self.ever = self.ever or (
            self.enrolled
            and self.mode == "verified"
            and (passed or self.allowed)
            and self.released
            and (self.identity or not self.wants_identity)
            and not self.barred
        )

    @rule(mode=st.sampled_from(("audit", "verified", "verified")))
    def enrol(self, mode: str) -> None:
        if not self.enrolled:
            self.enrolled, self.mode = True, mode
            self._note()
        self._send("enrol-learner", **LEARNER, mode=mode)

    @rule(mode=st.sampled_from(("audit", "verified")))
    def change_mode(self, mode: str) -> None:
        if self.enrolled:
            self.mode = mode
            self._note()
        self._send("change-mode", **LEARNER, mode=mode)

    @rule()
    def withdraw(self) -> None:
        self.enrolled = False
        self._send("withdraw-learner", **LEARNER)

    @rule(result=st.sampled_from(("pass", "distinction", "fail", "withdrawn")))
    def decide(self, result: str) -> None:
        if self.mode is not None and (self.enrolled or result in ("fail", "withdrawn")):
            self.board = result
            self._note()
        self._send("record-outcome", **LEARNER, result=result)

    @rule(passed=st.booleans())
    def compute(self, passed: bool) -> None:
        if not self.enrolled:
            return
        self.computed = passed
        self._note()
        fact = CoursePassed(80, "computed") if passed else CourseFailed(20, "computed")
        self.record.take(fact)
        self._react(self.record.history[-1])

    @rule(released=st.booleans())
    def release(self, released: bool) -> None:
        self.released = released
        self._note()
        self._send("release-grades" if released else "withhold-grades", run=RUN_ID)

    @rule(wanted=st.booleans())
    def ask_for_identity(self, wanted: bool) -> None:
        self.wants_identity = wanted
        self._note()
        modes = ["verified"] if wanted else []
        self._send("publish-integrity-policy", run=RUN_ID, identity_modes=modes)

    @rule(expired=st.booleans())
    def verify(self, expired: bool) -> None:
        if self.mode is not None:
            self.identity = not expired
            self._note()
        expires = NOON.isoformat() if expired else None
        self._send("verify-identity", **LEARNER, method="in-person", expires=expires)

    @rule()
    def allow(self) -> None:
        if self.mode is not None:
            self.allowed = True
            self._note()
        self._send("allow-certificate", **WHY)

    @rule(barred=st.booleans())
    def bar(self, barred: bool) -> None:
        if self.mode is not None:
            self.barred = barred
            self._note()
        self._send("bar-certificate" if barred else "lift-certificate-bar", **WHY)

    @rule()
    def revoke(self) -> None:
        if self.certificates:
            self._send("revoke-certificate", **WHY, certificate=self.certificates[-1])

    @rule()
    def correct(self) -> None:
        if self.certificates:
            self._send("reissue-certificate", **WHY, certificate=self.certificates[-1])

    @invariant()
    def issued_exactly_when_the_rule_says(self) -> None:
        """Once per enrolment, from the moment on at which all of it was so."""
        issued = [fact for _, fact, _ in self.record.history if isinstance(fact, CertificateIssued)]
        assert len(issued) == int(self.ever)

    @invariant()
    def no_two_certificates_have_one_id(self) -> None:
        """Each correction has an id of its own."""
        assert len(set(self.certificates)) == len(self.certificates)


TestCertificates = Certificates.TestCase
TestCertificates.settings = settings(deadline=None, max_examples=150, stateful_step_count=30)
