"""Whose grade, pass or certificate would be another under another policy? (Nothing is recorded.)"""

from __future__ import annotations

from datetime import datetime

import msgspec

from domain.catalogue.facts import GradingPolicy, LatePolicy
from domain.catalogue.state import Content, Run
from domain.credentials.rules import certify
from domain.enrolment.state import Enrolment
from domain.grading.computing import as_fact, course_grade, turns
from domain.grading.rules import has_passed
from domain.grading.state import with_result
from domain.kernel import Refusal


class Verdict(msgspec.Struct, frozen=True):
    """What a learner's record comes to: the grade (None: no policy), whether they have passed, by
    the board or else the computation, and whether they hold a certificate or would get one."""

    percent: int | None
    letter: str | None
    passed: bool
    certificate: bool


def verdict(
    run: Run, run_id: str, content: Content, enrolment: Enrolment, subject: str, now: datetime
) -> Verdict:
    """Return what a learner's record would come to if the grade were computed now."""
    results, percent, letter = enrolment.results, None, None
    if run.policy is not None:
        computed = course_grade(run.policy, run, content, enrolment, now)
        percent, letter = computed.grade.percent, computed.grade.letter
        results = with_result(computed.results, as_fact(computed.grade, run.policy_number))
        for turn in turns(run, enrolment, computed.grade, now):
            results = with_result(results, turn)
    after = msgspec.structs.replace(enrolment, results=results)
    return Verdict(
        percent, letter, has_passed(results), _certified(run, run_id, after, subject, now)
    )


def under(run: Run, policy: GradingPolicy, late: LatePolicy | None) -> Run:
    """Return the run as it would be once another policy were published."""
    return msgspec.structs.replace(
        run, policy=policy, late=late, policy_number=run.policy_number + 1
    )


def _certified(run: Run, run_id: str, enrolment: Enrolment, subject: str, now: datetime) -> bool:
    held = enrolment.credentials.certificate
    if held is not None:
        return not held.revoked  # what was issued is not taken back by a grade
    try:
        certify(enrolment, run, run_id, subject, "", now)
    except Refusal:
        return False
    return True
