"""Whose grade, pass or certificate on record would be another under another policy? (Nothing is
recorded.)"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec

from domain.catalogue.content import Content
from domain.catalogue.facts import GradingPolicy, LatePolicy
from domain.catalogue.state import Run
from domain.credentials.rules import certify
from domain.enrolment.state import Enrolment
from domain.grading.computing import as_fact, course_grade, turns
from domain.grading.regrade import raises_grade
from domain.grading.rules import has_passed
from domain.grading.state import with_result
from domain.kernel import Refusal


class Terms(NamedTuple):
    """What grades of a run are worked out by, at a moment."""

    run: Run
    run_id: str
    content: Content
    now: datetime

    def under(self, policy: GradingPolicy, late: LatePolicy | None) -> Terms:
        """Return them as they would be once another policy were published."""
        number = self.run.policy_number + 1
        run = msgspec.structs.replace(self.run, policy=policy, late=late, policy_number=number)
        return self._replace(run=run)


class Verdict(msgspec.Struct, frozen=True):
    """What a learner's record comes to: the grade (None: there is none), whether they have passed,
    by the board or else the computation, and whether they hold a certificate or would get one."""

    percent: int | None
    letter: str | None
    passed: bool
    certificate: bool


class Comparison(NamedTuple):
    """What a learner's record comes to, and what it would under another policy.

    ``recorded``: a grade is on record, and ``before`` is what stands. Where none is, no batch of
    regrades computes one, and ``before`` is what the policy in force would give.
    ``higher``: a batch that is only to raise grades would take what is ``after``.
    """

    before: Verdict
    after: Verdict
    recorded: bool
    higher: bool


def compare(in_force: Terms, other: Terms, enrolment: Enrolment, subject: str) -> Comparison:
    """Hold what stands on a learner's record against what would, were the grade computed now."""
    recorded = enrolment.results.grade is not None
    before = enrolment if recorded else computed(in_force, enrolment)
    after = computed(other, enrolment)
    new, policy = after.results.grade, other.run.policy
    return Comparison(
        verdict(in_force, before, subject),
        verdict(other, after, subject),
        recorded,
        new is not None and policy is not None and raises_grade(enrolment.results, new, policy),
    )


def computed(terms: Terms, enrolment: Enrolment) -> Enrolment:
    """Return the enrolment as it would be were its grade computed; without a policy, as it is."""
    run = terms.run
    if run.policy is None:
        return enrolment
    found = course_grade(run.policy, run, terms.content, enrolment, terms.now)
    results = with_result(found.results, as_fact(found.grade, run.policy_number))
    for turn in turns(run, enrolment, found.grade, terms.now):
        results = with_result(results, turn)
    return msgspec.structs.replace(enrolment, results=results)


def verdict(terms: Terms, enrolment: Enrolment, subject: str) -> Verdict:
    """Return what an enrolment's record comes to as it stands."""
    grade = enrolment.results.grade
    return Verdict(
        None if grade is None else grade.percent,
        None if grade is None else grade.letter,
        has_passed(enrolment.results),
        _certified(terms, enrolment, subject),
    )


def _certified(terms: Terms, enrolment: Enrolment, subject: str) -> bool:
    held = enrolment.credentials.certificate
    if held is not None:
        return not held.revoked  # what was issued is not taken back by a grade
    try:
        certify(enrolment, terms.run, terms.run_id, subject, "", terms.now)
    except Refusal:
        return False
    return True
