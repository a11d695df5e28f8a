"""Does lateness cost what the formula says, and does the best attempt count after it?"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue.facts import LatePolicy
from domain.grading.counting import Candidate, Counted, Mark, Score, choose, scores_of
from domain.grading.late import deduction, intervals_begun

DAY, HOUR = 86_400, 3_600
TEN_A_DAY = LatePolicy("10", DAY)


def left(policy: LatePolicy, raw: str, seconds: int, possible: str = "100") -> str:
    """What is left of a score after its penalty."""
    deducted = deduction(policy, raw, possible, seconds)
    return Mark(raw, possible, str(deducted)).score.raw


def test_the_worked_examples() -> None:
    """95 of 100, 25 hours late, 10% a day: 75. With a floor of 80%: 80. 55 raw under a floor of
    60%: 55, nothing deducted. Source: rules.md [Canvas]."""
    assert Decimal(left(TEN_A_DAY, "95", 25 * HOUR)) == 75
    assert Decimal(left(LatePolicy("10", DAY, "80"), "95", 25 * HOUR)) == 80
    assert Decimal(left(LatePolicy("10", DAY, "60"), "55", 25 * HOUR)) == 55
    assert deduction(LatePolicy("10", DAY, "60"), "55", "100", 25 * HOUR) == 0


@pytest.mark.parametrize(
    ("seconds", "begun"), [(0, 0), (1, 1), (DAY, 1), (DAY + 1, 2), (2 * DAY, 2)]
)
def test_an_interval_counts_once_it_has_begun(seconds: int, begun: int) -> None:
    """n = ceil(seconds late / interval); what is in time costs nothing [Canvas]."""
    assert intervals_begun(TEN_A_DAY, seconds) == begun
    assert deduction(TEN_A_DAY, "100", "100", seconds) == 10 * begun


@pytest.mark.parametrize(
    ("raw", "possible", "rate", "deducted"),
    [
        ("7", "7", "10", "0.70"),
        ("0.5", "0.5", "1", "0.01"),  # 0.005 is rounded away from zero
        ("1", "3", "5", "0.15"),
        ("0.03", "100", "10", "0.03"),
        ("0", "100", "10", "0"),
        ("0", "0", "10", "0"),  # nothing was possible: nothing is deducted
    ],
)
def test_a_deduction_is_rounded_to_two_places(
    raw: str, possible: str, rate: str, deducted: str
) -> None:
    """Halves away from zero [Canvas]."""
    assert deduction(LatePolicy(rate, DAY), raw, possible, 1) == Decimal(deducted)


AMOUNTS = st.decimals(0, 1_000, places=6)
PERCENTS = st.decimals(0, 100, places=3).map(str)
POLICIES = st.builds(LatePolicy, PERCENTS, st.sampled_from([1, HOUR, DAY]), PERCENTS)


@given(POLICIES, AMOUNTS, AMOUNTS, st.integers(0, 30 * DAY))
def test_a_penalty_never_lifts_a_score(
    policy: LatePolicy, a: Decimal, b: Decimal, seconds: int
) -> None:
    """Nor takes it below zero, nor, but for the rounding, below the floor [Canvas]."""
    raw, possible = sorted((a, b))
    score = Decimal(left(policy, str(raw), seconds, str(possible)))
    assert 0 <= score <= raw
    floor = min(raw, possible * Decimal(policy.floor) / 100)
    assert score >= floor - Decimal("0.005")


@given(POLICIES, AMOUNTS, st.integers(0, DAY), st.integers(0, DAY))
def test_later_never_costs_less(policy: LatePolicy, raw: Decimal, a: int, b: int) -> None:
    """Of two times of one work the earlier is worth as much or more."""
    early, late = sorted((a, b))
    possible = "1000"
    assert deduction(policy, str(raw), possible, early) <= deduction(
        policy, str(raw), possible, late
    )


@given(POLICIES, st.integers(0, 10_000), st.integers(1, 100), st.integers(1, 30 * DAY))
def test_the_formula_against_plain_arithmetic(
    policy: LatePolicy, raw: int, possible: int, seconds: int
) -> None:
    """The formula [Canvas] in whole numbers: thousandths of a per cent, halves added first."""
    raw = min(raw, possible)
    begun = (seconds + policy.interval_seconds - 1) // policy.interval_seconds
    rate, floor = (int(Decimal(text) * 1_000) for text in (policy.rate, policy.floor))
    thousandths = min(rate * begun * possible, max(raw * 100_000 - floor * possible, 0))
    cents = (2 * thousandths + 1_000) // 2_000
    assert deduction(policy, str(raw), str(possible), seconds) == Decimal(cents) / 100


@pytest.mark.parametrize(
    ("raw", "deducted", "final"), [("95", "20", "75"), ("5", "20", "0"), ("-5", "20", "-5")]
)
def test_what_is_left_has_an_end(raw: str, deducted: str, final: str) -> None:
    """The final score is not below min(0, raw), whatever was deducted [Canvas]."""
    assert Mark(raw, "100", deducted).score == Score(final, "100")


def attempts(*marks: Mark) -> list[Candidate]:
    """Attempts 1, 2 … with these marks."""
    return [Candidate("attempt", str(n), mark) for n, mark in enumerate(marks, 1)]


def test_the_best_attempt_is_chosen_after_the_penalty() -> None:
    """A late 10 of 10 that lost 6 does not replace a 5 in time, nor the other way round: elsewhere
    a 10/10 in time was replaced by a late 5/10 (canvas-lms#1354)."""
    in_time, late = Mark("10", "10"), Mark("5", "10", "1")
    assert choose(attempts(in_time, late)) == Counted(Score("10", "10"), "attempt", "1")
    assert choose(attempts(Mark("10", "10", "6"), Mark("5", "10"))) == Counted(
        Score("5", "10"), "attempt", "2"
    )


def test_the_best_is_the_highest_share() -> None:
    """5 of 10 beats 30 of 100; the first of equals; a score out of 0 is shown, and not graded."""
    marks = attempts(Mark("30", "100"), Mark("5", "10"), Mark("50", "100"))
    assert choose(marks) == Counted(Score("5", "10"), "attempt", "2")
    nothing = choose(attempts(Mark("0", "0")))
    assert nothing == Counted(Score("0", "0"), "attempt", "1")
    assert scores_of({"a": nothing}) == {}
    assert choose(attempts(Mark("0", "0"), Mark("0", "1"))) == Counted(
        Score("0", "1"), "attempt", "2"
    )
    assert choose([]) is None


def test_an_override_is_final() -> None:
    """It counts over a better attempt, and no penalty touches it. Source: rules.md."""
    better = attempts(Mark("100", "100"))
    assert choose(better, Score("40", "100")) == Counted(Score("40", "100"), "override")


MARKS = st.builds(
    lambda raw, deducted: Mark(str(raw), "100", str(deducted)),
    st.decimals(0, 100, places=2),
    st.decimals(0, 100, places=2),
)


@given(st.lists(MARKS, min_size=1, max_size=5))
def test_what_counts_is_the_highest_of_what_is_left(marks: list[Mark]) -> None:
    """Judged by plain arithmetic; and no penalty makes the whole better than without any."""
    counted = choose(attempts(*marks))
    assert counted is not None
    best = max(max(Decimal(m.raw) - Decimal(m.deducted), Decimal(0)) for m in marks)
    assert counted.score.share == Fraction(best) / 100
    free = choose(attempts(*(Mark(m.raw, m.possible) for m in marks)))
    assert free is not None
    assert free.score.share is not None
    assert counted.score.share is not None
    assert counted.score.share <= free.score.share
