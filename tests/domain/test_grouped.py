"""Is the ``grouped`` policy computed exactly as its rule says, and do its drops find the best?"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.catalogue.facts import Cutoff, Group, GroupedPolicy, Item
from domain.grading.counting import Score
from domain.grading.drops import best, worst
from domain.grading.explain import Grade
from domain.grading.points import Points
from domain.grading.policy import grade
from domain.grading.rounding import ROUNDING

CUTOFFS = (Cutoff("A", 90), Cutoff("C", 50), Cutoff("F", 0))


def policy(*groups: Group) -> GroupedPolicy:
    """A policy with letters A from 90, C from 50, F from 0."""
    return GroupedPolicy(groups, CUTOFFS)


def items(*possibles: str, group: str = "HW", prefix: str = "h") -> tuple[Item, ...]:
    """Items h0, h1 … of one group, out of these points."""
    return tuple(
        Item(f"{prefix}{n}", "quiz", f"H{n}", category=group, possible=possible)
        for n, possible in enumerate(possibles)
    )


def graded(
    rule: GroupedPolicy, content: tuple[Item, ...], *raws: str | None, excused: str = ""
) -> Grade:
    """Grade these scores, in the order of the items; None: not graded."""
    scores = {
        item.item: Score(raw, item.possible)
        for item, raw in zip(content, raws, strict=True)
        if raw is not None
    }
    return grade(rule, content, scores, 1, frozenset(excused.split()))


def dropped(result: Grade, group: int = 0) -> list[str | None]:
    """Which items were dropped."""
    return [item.item for item in result.categories[group].items if item.dropped]


def test_a_group_is_points_by_points() -> None:
    """9 of 10 and 50 of 90 are 59 of 100, not a mean of per cents [Canvas]."""
    result = graded(policy(Group("HW", "100")), items("10", "90"), "9", "50")
    assert (result.percent, result.exact, result.letter, result.passed) == (59, "59/100", "C", True)


def test_groups_weigh_and_are_scaled_up() -> None:
    """Empty groups are skipped; weights that sum to less than 100 are scaled up [Canvas]."""
    rule = policy(Group("HW", "30"), Group("Exam", "50"), Group("Lab", "20"))
    content = (*items("10"), *items("100", group="Exam", prefix="e"))
    result = graded(rule, content, "10", "60")
    assert result.exact == str((Fraction(30) + Fraction(50) * Fraction(3, 5)) / 80)
    assert [category.counts_for for category in result.categories] == ["3/8", "5/8", "0"]


def test_weights_over_100_are_not_scaled_down() -> None:
    """Extra credit stays extra [Canvas]."""
    rule = policy(Group("HW", "100"), Group("Extra", "10"))
    content = (*items("10"), *items("10", group="Extra", prefix="x"))
    assert graded(rule, content, "9", "10").exact == "1"


def test_current_ignores_what_is_not_graded_and_final_counts_it_zero() -> None:
    """Both grades in one answer [Canvas]; a group without anything graded is skipped in the
    current one."""
    rule = policy(Group("HW", "50"), Group("Exam", "50"))
    content = (*items("10", "10"), *items("100", group="Exam", prefix="e"))
    result = graded(rule, content, "8", None, None)
    assert result.exact == "1/5"
    assert result.current is not None
    assert (result.current.exact, result.current.percent, result.current.letter) == ("4/5", 80, "C")
    assert graded(rule, content, None, None, None).current is None


def test_an_excused_item_is_removed() -> None:
    """From both grades [Canvas], and told apart in the inputs."""
    rule = policy(Group("HW", "100"))
    result = graded(rule, items("10", "10"), "8", None, excused="h1")
    assert (result.exact, result.excused) == ("4/5", ("h1",))
    assert result.inputs_hash != graded(rule, items("10", "10"), "8", None).inputs_hash
    assert graded(rule, items("10"), "8", excused="h0").exact == "0"


def test_an_item_out_of_0_does_not_count() -> None:
    """It has no percentage. Source: rules.md, late policy."""
    result = graded(policy(Group("HW", "100")), items("10", "0"), "8", None)
    assert result.exact == "4/5"
    assert len(result.categories[0].items) == 1


def test_drops_maximise_the_ratio_not_the_per_cents() -> None:
    """Dropping 20 of 100 is worth more than dropping 0 of 1 [Canvas, Kane and Kane]."""
    rule = policy(Group("HW", "100", drop_lowest=1))
    result = graded(rule, items("1", "100", "100"), "0", "20", "90")
    assert (dropped(result), result.exact) == (["h1"], str(Fraction(90, 101)))


def test_the_example_of_kane_and_kane() -> None:
    """80/100, 20/100, 1/20: without the lowest per cent (1/20) it is 50%, without 20/100 67.5%."""
    rule = policy(Group("HW", "100", drop_lowest=1))
    result = graded(rule, items("100", "100", "20"), "80", "20", "1")
    assert (dropped(result), result.exact) == (["h1"], str(Fraction(81, 120)))


def test_never_drop_and_drop_highest() -> None:
    """An item may be held back from drops; the highest are dropped from what is left [Canvas]."""
    held = policy(Group("HW", "100", drop_lowest=1, never_drop=("h0",)))
    assert dropped(graded(held, items("10", "10", "10"), "2", "3", "9")) == ["h1"]
    both = policy(Group("HW", "100", drop_lowest=1, drop_highest=1))
    assert dropped(graded(both, items("10", "10", "10"), "0", "5", "9")) == ["h0", "h2"]


def test_a_drop_beside_what_is_held_back_never_costs_anything() -> None:
    """0 is held back, and of 0, 1 and 1 two may be dropped: to drop a 1 as well would lower it."""
    rule = policy(Group("HW", "100", drop_lowest=2, never_drop=("h3",)))
    result = graded(rule, items("20", "20", "20", "20"), "0", "1", "1", "0")
    assert (dropped(result), result.exact) == (["h0"], str(Fraction(2, 60)))


def test_one_item_is_always_kept() -> None:
    """However many are to be dropped [Canvas]; then no highest is dropped at all."""
    rule = policy(Group("HW", "100", drop_lowest=5, drop_highest=5))
    result = graded(rule, items("10", "10"), "2", "9")
    assert (dropped(result), result.exact) == (["h0"], "9/10")


@pytest.mark.parametrize(
    ("rule", "percent", "rounded"),
    [
        ("two-places-down-v1", "89.99", 89),
        ("two-places-down-v1", "89.995", 90),
        ("two-places-down-v1", "89.9949", 89),
        ("half-up-v1", "89.5", 90),
        ("half-up-v1", "89.4999", 89),
        ("half-up-0.05-v1", "89.45", 90),
    ],
)
def test_rounding_rules(rule: str, percent: str, rounded: int) -> None:
    """Each is named with its version; Canvas compares its cutoffs with two places."""
    assert ROUNDING[rule](Fraction(percent)) == rounded


POINTS = st.builds(
    lambda raw, possible: Points(raw, possible), st.integers(0, 30), st.integers(1, 30)
)


def ratio(points: list[Points], chosen: tuple[int, ...], fixed: Points) -> Fraction:
    """Points earned by points possible."""
    return Fraction(
        fixed.raw + sum(points[at].raw for at in chosen),
        fixed.possible + sum(points[at].possible for at in chosen),
    )


@settings(max_examples=500)
@given(st.lists(POINTS, min_size=1, max_size=8), st.data())
def test_drops_are_those_of_an_exhaustive_search(points: list[Points], data: st.DataObject) -> None:
    """Of all choices of so many items or more none has a higher ratio, and of all of so many none
    has a lower one than ``worst``."""
    keep = data.draw(st.integers(1, len(points)))
    fixed = data.draw(st.just(Points(0, 0)) | POINTS)

    def every(number: int) -> list[Fraction]:
        return [ratio(points, some, fixed) for some in combinations(range(len(points)), number)]

    high, low = best(points, fixed, keep), worst(points, fixed, keep)
    assert len(set(high)) >= len(set(low)) == keep
    assert ratio(points, tuple(high), fixed) == max(
        max(every(number)) for number in range(keep, len(points) + 1)
    )
    assert ratio(points, tuple(low), fixed) == min(every(keep))
    if fixed == Points(0, 0):
        assert len(high) == keep
        assert ratio(points, tuple(high), fixed) == max(every(keep))


RAWS = st.lists(st.none() | st.integers(0, 20), min_size=1, max_size=7)


def _content(raws: list[int | None], data: st.DataObject) -> tuple[tuple[Item, ...], list[str]]:
    possibles = data.draw(
        st.lists(st.integers(20, 60).map(str), min_size=len(raws), max_size=len(raws))
    )
    return items(*possibles), possibles


@given(RAWS, st.integers(0, 8), st.data())
def test_dropping_the_lowest_never_lowers_a_grade(
    raws: list[int | None], drop: int, data: st.DataObject
) -> None:
    """Neither the final nor the current one, whatever is held back."""
    content, _ = _content(raws, data)
    never = tuple(data.draw(st.sets(st.sampled_from([item.item for item in content]))))
    texts = [None if raw is None else str(raw) for raw in raws]
    plain = graded(policy(Group("HW", "100")), content, *texts)
    rule = policy(Group("HW", "100", drop, 0, never if drop else ()))
    result = graded(rule, content, *texts)
    assert Fraction(result.exact) >= Fraction(plain.exact)
    if plain.current is not None:
        assert result.current is not None
        assert Fraction(result.current.exact) >= Fraction(plain.current.exact)
    assert not set(dropped(result)) & set(rule.groups[0].never_drop)


@given(RAWS, st.data())
def test_two_groups_against_plain_arithmetic(raws: list[int | None], data: st.DataObject) -> None:
    """Judged by sums of fractions alone."""
    content, possibles = _content(raws, data)
    others = items("10", group="Exam", prefix="e")
    weights = data.draw(st.tuples(st.integers(1, 90), st.integers(0, 90)))
    rule = policy(Group("HW", str(weights[0])), Group("Exam", str(weights[1])))
    texts = [None if raw is None else str(raw) for raw in raws]
    result = graded(rule, (*content, *others), *texts, "7")
    homework = Fraction(sum(raw or 0 for raw in raws), sum(map(int, possibles)))
    whole = weights[0] * homework + weights[1] * Fraction(7, 10)
    assert Fraction(result.exact) == whole / min(sum(weights), 100)
    assert Fraction(result.exact) == sum(Fraction(c.contribution) for c in result.categories)
