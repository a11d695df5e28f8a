"""Does "what if" say just what publishing the policy and computing the grade would bring?"""

from __future__ import annotations

from typing import Any

from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from domain.assessment.facts import SubmissionReceived
from domain.catalogue.facts import (
    Category,
    Cutoff,
    GradingPolicy,
    GradingPolicyPublished,
    Group,
    GroupedPolicy,
    Item,
    LatePolicy,
    WeightedPolicy,
)
from domain.grading.facts import CourseGradeComputed, OutcomeRecorded, ScoreOverridden
from domain.grading.rules import has_passed
from domain.grading.what_if import under, verdict
from tests.given import ENROLLED, LEARNER, RUN_ID, SUBJECT, Record, content, day, given

CUTOFFS = (Cutoff("A", 80), Cutoff("C", 40))
POLICIES: st.SearchStrategy[GradingPolicy] = st.one_of(
    st.builds(
        lambda weight, drop: WeightedPolicy((Category("TMA", weight, 2, drop),), CUTOFFS),
        st.sampled_from(["0.5", "1"]),
        st.integers(0, 2),
    ),
    st.builds(lambda drop: GroupedPolicy((Group("TMA", "100", drop),), CUTOFFS), st.integers(0, 2)),
)
LATES = st.none() | st.builds(
    LatePolicy,
    st.sampled_from(["10", "50"]),
    st.just(86_400),
    st.sampled_from(["0", "30"]),
    st.sampled_from([None, "60"]),
)
ITEMS = tuple(
    Item(f"i{n}", "quiz", f"I{n}", category="TMA", due=day(5 * n) if n else None) for n in range(3)
)
ATTEMPTS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 100), st.sampled_from([0, 3_600, 200_000])),
    max_size=5,
)
END = day(300)


def lived(attempts: list[tuple[int, int, int]], more: list[Any]) -> Record:
    """A learner who handed all that in."""
    record = given(*ENROLLED, content(*ITEMS, number=2))
    for n, (item, raw, late) in enumerate(attempts):
        record.take(SubmissionReceived(f"i{item}", str(n), n + 1, 2, None, late))
        grade = {"item": f"i{item}", "attempt": str(n), "raw": raw, "grader": "g"}
        record.when("grade-submission", **LEARNER, **grade)
    return record.take(*more)


MORE = st.lists(
    st.sampled_from([ScoreOverridden("i1", "77", "100"), OutcomeRecorded("pass")]), max_size=1
)


@settings(deadline=None, max_examples=200)
@over(ATTEMPTS, MORE, POLICIES, LATES, POLICIES, LATES)
def test_it_is_what_would_be_recorded(
    attempts: list[tuple[int, int, int]],
    more: list[Any],
    first: GradingPolicy,
    first_late: LatePolicy | None,
    second: GradingPolicy,
    second_late: LatePolicy | None,
) -> None:
    """Grade, letter, pass and certificate; and the record is as it was."""
    record = lived(attempts, more).take(GradingPolicyPublished(RUN_ID, 1, first, first_late))
    record.when("compute-grade", END, **LEARNER)
    run, kept, enrolment = (
        record.states[name]
        for name in (
            f"main/run/{RUN_ID}",
            f"main/run-content/{RUN_ID}",
            f"main/enrolment/{RUN_ID}/{SUBJECT}",
        )
    )
    other = under(run, second, second_late)
    foretold = verdict(other, RUN_ID, kept, enrolment, SUBJECT, END)
    record.take(GradingPolicyPublished(RUN_ID, 2, second, second_late))
    record.when("compute-grade", END, **LEARNER)
    after = record.states[f"main/enrolment/{RUN_ID}/{SUBJECT}"]
    grade = after.results.grade
    assert isinstance(grade, CourseGradeComputed)
    assert (foretold.percent, foretold.letter) == (grade.percent, grade.letter)
    assert foretold.passed == has_passed(after.results)
    issued = record.when("issue-certificate", END, **LEARNER)
    assert foretold.certificate == bool(issued.facts)
