"""What does a learner's record come to under a run's policy, now?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from domain.catalogue.content import Content
from domain.catalogue.facts import GradingPolicy
from domain.catalogue.state import Run
from domain.enrolment.state import Enrolment
from domain.grading.counting import scores_of
from domain.grading.explain import Grade
from domain.grading.facts import CourseFailed, CourseGradeComputed, CoursePassed
from domain.grading.late import all_penalties, missing_work
from domain.grading.policy import grade
from domain.grading.state import GradingFact, Results, with_result


class Computed(NamedTuple):
    """A grade, what is to be said of late and missing work before it, and the results with that."""

    grade: Grade
    judged: Sequence[GradingFact]
    results: Results


def course_grade(
    policy: GradingPolicy, run: Run, content: Content, enrolment: Enrolment, now: datetime
) -> Computed:
    """Compute a learner's grade under the run's policy, late and missing work judged by it too."""
    results = enrolment.results
    judged: list[GradingFact] = []
    for penalty in all_penalties(run, enrolment.attempts, results):
        judged.append(penalty)
        results = with_result(results, penalty)
    for said in missing_work(run, content, enrolment, now):
        judged.append(said)
        results = with_result(results, said)
    computed = grade(
        policy,
        content.items.values(),
        scores_of(results.counted()),
        run.policy_number,
        results.excused,
    )
    return Computed(computed, judged, results)


def as_fact(computed: Grade, policy_number: int, regrade: str | None = None) -> CourseGradeComputed:
    """Return a grade as the fact that it is recorded as."""
    return CourseGradeComputed(
        percent=computed.percent,
        letter=computed.letter,
        exact=computed.exact,
        inputs_hash=computed.inputs_hash,
        policy_number=policy_number,
        regrade=regrade,
        current_percent=None if computed.current is None else computed.current.percent,
        current_exact=None if computed.current is None else computed.current.exact,
    )


def turns(
    run: Run, enrolment: Enrolment, computed: Grade, now: datetime
) -> Iterator[CoursePassed | CourseFailed]:
    """Yield a pass or a failure where that is new.

    Below the pass mark is a failure only once it had been reached, or from the end of the run on. A
    learner who has left neither passes nor fails.
    """
    if not enrolment.active:
        return
    passed = enrolment.results.passed
    if computed.passed:
        if passed is not True:
            yield CoursePassed(computed.percent, "computed")
    elif passed is True or (passed is None and run.ends is not None and now >= run.ends):
        yield CourseFailed(computed.percent, "computed")
