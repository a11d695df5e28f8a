"""Does "what if" say what stands, and just what publishing the policy and regrading would bring?"""

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
from domain.enrolment.state import Enrolment
from domain.grading.facts import (
    CourseGradeComputed,
    OutcomeRecorded,
    RegradeStarted,
    ScoreOverridden,
    SubmissionGraded,
)
from domain.grading.rules import has_passed
from domain.grading.what_if import Comparison, Terms, Verdict, compare
from tests.given import ENROLLED, LEARNER, RUN_ID, SUBJECT, Record, content, day, given

CUTOFFS = st.sampled_from([(Cutoff("A", 80), Cutoff("C", 40)), (Cutoff("A", 90), Cutoff("C", 60))])
LETTERS = (None, "C", "A")
POLICIES: st.SearchStrategy[GradingPolicy] = st.one_of(
    st.builds(
        lambda weight, drop, cutoffs: WeightedPolicy((Category("TMA", weight, 2, drop),), cutoffs),
        st.sampled_from(["0.5", "1"]),
        st.integers(0, 2),
        CUTOFFS,
    ),
    st.builds(
        lambda drop, cutoffs: GroupedPolicy((Group("TMA", "100", drop),), cutoffs),
        st.integers(0, 2),
        CUTOFFS,
    ),
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


def enrolment_of(record: Record) -> Enrolment:
    """Return what is known of the learner."""
    found: Enrolment = record.states[f"main/enrolment/{RUN_ID}/{SUBJECT}"]
    return found


def compared(record: Record, policy: GradingPolicy, late: LatePolicy | None = None) -> Comparison:
    """Hold the record against what it would come to under another policy."""
    run, kept = (record.states[f"main/{kind}/{RUN_ID}"] for kind in ("run", "run-content"))
    terms = Terms(run, RUN_ID, kept, END)
    return compare(terms, terms.under(policy, late), enrolment_of(record), SUBJECT)


def standing(record: Record) -> tuple[int, str | None, bool]:
    """Return the per cent and the letter on record, and whether the learner has passed."""
    results = enrolment_of(record).results
    assert isinstance(results.grade, CourseGradeComputed)
    return results.grade.percent, results.grade.letter, has_passed(results)


def copied(record: Record) -> Record:
    """Return a record in which the same happened."""
    other = given()
    other.states.update(record.states)
    return other


@settings(deadline=None, max_examples=200)
@over(ATTEMPTS, MORE, MORE, POLICIES, LATES, POLICIES, LATES)
def test_it_is_what_stands_and_what_would_be_recorded(
    attempts: list[tuple[int, int, int]],
    more: list[Any],
    later: list[Any],
    first: GradingPolicy,
    first_late: LatePolicy | None,
    second: GradingPolicy,
    second_late: LatePolicy | None,
) -> None:
    """Grade, letter, pass and certificate, before and after; and the record is as it was. Where no
    grade is to fall, what is not higher is nothing, and nothing is lost."""
    record = lived(attempts, more).take(GradingPolicyPublished(RUN_ID, 1, first, first_late))
    record.when("compute-grade", END, **LEARNER)
    record.take(*later)
    before, unchanged = standing(record), enrolment_of(record)
    found = compared(record, second, second_late)
    assert enrolment_of(record) == unchanged
    assert found.recorded
    assert (found.before.percent, found.before.letter, found.before.passed) == before
    issued = copied(record).when("issue-certificate", END, **LEARNER)
    assert found.before.certificate == bool(issued.facts)
    record.take(GradingPolicyPublished(RUN_ID, 2, second, second_late))
    raised = copied(record).take(RegradeStarted(RUN_ID, "b1", "Why", only_if_higher=True))
    raised.when("compute-grade", END, **LEARNER, regrade="b1")
    told = found.after if found.higher else found.before
    percent, letter, passed = standing(raised)
    assert (percent, letter, passed) == (told.percent, told.letter, told.passed)
    assert percent >= before[0]
    assert LETTERS.index(letter) >= LETTERS.index(before[1])
    assert passed >= before[2]
    record.when("compute-grade", END, **LEARNER)
    assert (found.after.percent, found.after.letter, found.after.passed) == standing(record)
    issued = record.when("issue-certificate", END, **LEARNER)
    assert found.after.certificate == bool(issued.facts)


PASS = (Cutoff("P", 60),)
KIND, STRICT = (WeightedPolicy((Category("TMA", weight),), PASS) for weight in ("1", "0.61"))
WORKED = (
    *ENROLLED,
    GradingPolicyPublished(RUN_ID, 1, KIND),
    SubmissionReceived("1752", "1", 1, 1),
    SubmissionGraded("1752", "1", "77", "100", "g"),
)


def test_what_a_batch_kept_from_falling_stands() -> None:
    """Under the policy in force, too: it is the grade that every view shows."""
    record = given(*WORKED)
    record.when("compute-grade", END, **LEARNER)
    record.take(
        GradingPolicyPublished(RUN_ID, 2, STRICT),
        RegradeStarted(RUN_ID, "b1", "Why", only_if_higher=True),
    )
    record.when("compute-grade", END, **LEARNER, regrade="b1").nothing()
    stands = Verdict(77, "P", passed=True, certificate=True)
    falls = Verdict(47, None, passed=False, certificate=False)
    assert compared(record, STRICT) == Comparison(stands, falls, recorded=True, higher=False)
    assert compared(record, KIND) == Comparison(stands, stands, recorded=True, higher=False)


def test_an_override_that_came_after_the_grade_is_what_a_regrade_would_bring() -> None:
    """Before is the grade that was computed, after the one with the override."""
    record = given(*WORKED)
    record.when("compute-grade", END, **LEARNER)
    record.take(ScoreOverridden("1752", "90", "100", "77", "100"))
    found = compared(record, KIND)
    assert (found.before.percent, found.after.percent, found.higher) == (77, 90, True)


def test_where_no_grade_is_on_record_both_are_computed() -> None:
    """No batch of regrades reaches the learner, and the policy's doing is told all the same."""
    found = compared(given(*WORKED), STRICT)
    assert (found.before.percent, found.after.percent, found.recorded) == (77, 47, False)
