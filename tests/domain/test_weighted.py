"""Is the ``weighted`` policy computed exactly as its rule says?"""

from __future__ import annotations

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue.facts import Category, Cutoff, Item, WeightedPolicy
from domain.grading.counting import Counted, Score, scores_of
from domain.grading.rounding import letter_for, pass_mark, round_percent
from domain.grading.weighted import grade

CUTOFFS = (Cutoff("A", 80), Cutoff("B", 60), Cutoff("F", 0))


def policy(*categories: Category) -> WeightedPolicy:
    """A policy with letters A from 80, B from 60, F from 0."""
    return WeightedPolicy(categories, CUTOFFS)


def items(*weights: str, category: str = "TMA") -> tuple[Item, ...]:
    """Items t0, t1 … of one category."""
    return tuple(
        Item(f"t{n}", "quiz", f"T{n}", category=category, weight=weight)
        for n, weight in enumerate(weights)
    )


def scores(*raws: str | None) -> dict[str, Score]:
    """Their scores out of 100; None: not scored."""
    return {f"t{n}": Score(raw, "100") for n, raw in enumerate(raws) if raw is not None}


@pytest.mark.parametrize(
    ("percent", "rounded"),
    [
        ("59.45", 60),
        ("59.4499", 59),
        ("59.44", 59),
        ("59.5", 60),
        ("0", 0),
        ("100", 100),
        ("99.45", 100),
    ],
)
def test_a_percent_is_rounded_after_adding_a_twentieth(percent: str, rounded: int) -> None:
    """59.45% → 60%: half away from zero after adding 0.05 points. Source: rules.md [Open edX]."""
    assert round_percent(Fraction(percent) / 100) == rounded


def test_the_letter_is_the_first_cutoff_reached() -> None:
    """Letter: first cutoff <= percent; passing: the lowest nonzero cutoff [Open edX]."""
    assert [letter_for(CUTOFFS, percent) for percent in (100, 80, 79, 60, 59, 0)] == list("AABBFF")
    assert letter_for(CUTOFFS[:2], 59) is None
    assert pass_mark(CUTOFFS) == 60
    assert pass_mark((Cutoff("F", 0),)) is None
    assert not grade(WeightedPolicy((), (Cutoff("F", 0),)), (), {}).passed


def test_items_weigh_within_their_category() -> None:
    """item% = earned / possible; the category is their mean by weight [Open edX]."""
    result = grade(policy(Category("TMA", "1")), items("10", "30"), scores("100", "50"))
    assert (result.percent, result.exact, result.letter, result.passed) == (63, "5/8", "B", True)


def test_what_is_not_scored_counts_zero() -> None:
    """An item of a category counts from the moment it is published."""
    assert grade(policy(Category("TMA", "1")), items("1", "1"), scores("100")).exact == "1/2"


def test_a_category_is_padded_to_its_minimum() -> None:
    """Zeros stand in for items that the minimum wants. Source: rules.md [Open edX]."""
    result = grade(policy(Category("TMA", "1", minimum=4)), items("1"), scores("100"))
    assert result.exact == "1/4"
    assert [item.item for item in result.categories[0].items] == ["t0", None, None, None]


def test_of_equal_items_the_later_is_dropped() -> None:
    """Ties drop the later item; padding comes last [Open edX]."""
    result = grade(
        policy(Category("TMA", "1", drop=1)), items("1", "1", "1"), scores("5", "9", "5")
    )
    assert [item.dropped for item in result.categories[0].items] == [False, False, True]
    padded = grade(policy(Category("TMA", "1", 2, 1)), items("1"), scores("0"))
    assert [item.dropped for item in padded.categories[0].items] == [False, True]


def test_dropping_everything_leaves_zero() -> None:
    """The one case in which a drop lowers a grade. Source: rules.md [Open edX]."""
    result = grade(policy(Category("TMA", "1", drop=2)), items("1", "1"), scores("90", "90"))
    assert (result.percent, result.letter) == (0, "F")


def test_weights_are_not_normalised() -> None:
    """The sum of category weights may be less or more than 1, and stays so [Open edX]."""
    both = (*items("1"), Item("e", "exam", "E", category="Exam"))
    full = {**scores("100"), "e": Score("40", "40")}
    halves = policy(Category("TMA", "0.3"), Category("Exam", "0.3"))
    assert grade(halves, both, full).percent == 60
    double = policy(Category("TMA", "1"), Category("Exam", "1"))
    assert grade(double, both, full).percent == 200


def test_what_does_not_count_is_left_out() -> None:
    """Items of no category of the policy, without weight, or out of 0."""
    content = (
        *items("1", "0"),
        Item("free", "quiz", "Free"),
        Item("other", "quiz", "Other", category="Other"),
        Item("zero", "quiz", "Zero", category="TMA", possible="0"),
    )
    given_scores = {**scores("80", "0"), "free": Score("0", "9"), "zero": Score("0", "0")}
    counted = {item: Counted(score, "attempt") for item, score in given_scores.items()}
    result = grade(policy(Category("TMA", "1")), content, scores_of(counted))
    assert result.exact == "4/5"
    assert [item.item for item in result.categories[0].items] == ["t0"]


def test_arithmetic_is_exact() -> None:
    """Ten tenths are a whole: 0.1 ten times is 100%, where floats fall short."""
    ten = policy(*(Category(f"c{n}", "0.1") for n in range(10)))
    content = tuple(Item(f"t{n}", "quiz", "T", category=f"c{n}") for n in range(10))
    result = grade(ten, content, scores(*["100"] * 10))
    assert result.exact == "1"
    assert sum([0.1] * 10) != 1.0


def test_floats_would_round_some_grades_otherwise() -> None:
    """The same rule in floats differs on 18 of 10,001 four-digit shares. Source: rules.md."""

    def in_floats(ten_thousandths: int) -> int:
        return floor(ten_thousandths / 10_000 * 100 + 0.05 + 0.5)

    exactly = [round_percent(Fraction(n, 10_000)) for n in range(10_001)]
    others = [n for n in range(10_001) if in_floats(n) != exactly[n]]
    assert (len(others), others[0], in_floats(745), exactly[745]) == (18, 745, 7, 8)


def test_every_grade_can_be_explained() -> None:
    """Categories' contributions add up to the exact share before rounding."""
    two = policy(Category("TMA", "0.4", drop=1), Category("Exam", "0.6"))
    content = (*items("1", "1"), Item("e", "exam", "E", category="Exam", possible="3"))
    result = grade(two, content, {**scores("70", "50.5"), "e": Score("2", "3")})
    tma, exam = result.categories
    assert (tma.share, exam.share) == ("7/10", "2/3")
    assert Fraction(tma.contribution) + Fraction(exam.contribution) == Fraction(result.exact)
    assert [(item.raw, item.dropped) for item in tma.items] == [("70", False), ("50.5", True)]


def test_the_hash_covers_all_inputs() -> None:
    """Scores, items that count, the policy and its number: any change shows."""
    one = policy(Category("TMA", "1"))
    first = grade(one, items("1"), scores("50"), 1)
    assert first.inputs_hash == grade(one, items("1"), scores("50"), 1).inputs_hash
    changed = {
        grade(one, items("1"), scores("51"), 1).inputs_hash,
        grade(one, items("2"), scores("50"), 1).inputs_hash,
        grade(one, items("1"), scores("50"), 2).inputs_hash,
        grade(policy(Category("TMA", "1", 1)), items("1"), scores("50"), 1).inputs_hash,
        grade(one, items("1", "1"), scores("50"), 1).inputs_hash,
    }
    assert len(changed | {first.inputs_hash}) == 6
    free = Item("free", "quiz", "Free")
    same = grade(one, (*items("1"), free), {**scores("50"), "free": Score("1", "2")}, 1)
    assert same.inputs_hash == first.inputs_hash


RAWS = st.lists(st.none() | st.integers(0, 100).map(str), min_size=1, max_size=8)


@given(RAWS, st.data(), st.integers(0, 10), st.integers(0, 10))
def test_a_drop_never_lowers_a_grade(
    raws: list[str | None], data: st.DataObject, drop: int, minimum: int
) -> None:
    """Except that dropping everything leaves 0. Source: rules.md [Open edX]."""
    weights = data.draw(
        st.lists(st.integers(0, 5).map(str), min_size=len(raws), max_size=len(raws))
    )
    content, known = items(*weights), scores(*raws)
    without = grade(policy(Category("TMA", "1", minimum)), content, known)
    dropped = grade(policy(Category("TMA", "1", minimum, drop)), content, known)
    counted = dropped.categories[0].items
    if all(item.dropped for item in counted):
        assert dropped.exact == "0"
    else:
        assert Fraction(dropped.exact) >= Fraction(without.exact)
    assert sum(item.dropped for item in counted) == min(drop, len(counted))


@given(RAWS)
def test_equal_weights_are_a_plain_mean(raws: list[str | None]) -> None:
    """Without drops a category is the mean of its items, judged by plain arithmetic."""
    result = grade(policy(Category("TMA", "1")), items(*["1"] * len(raws)), scores(*raws))
    assert Fraction(result.exact) == Fraction(sum(int(raw or 0) for raw in raws), 100 * len(raws))


def test_an_excused_item_is_left_out() -> None:
    """It is no zero, the category's minimum wants one less, and the hash of the inputs says so."""
    tma = policy(Category("TMA", "1", minimum=2))
    content, known = items("1", "1"), scores("80", None)
    result = grade(tma, content, known, excused=frozenset({"t1"}))
    assert (result.exact, [item.item for item in result.categories[0].items]) == ("4/5", ["t0"])
    assert result.inputs_hash != grade(tma, content, known).inputs_hash
