"""What is the course grade under the ``weighted`` policy [Open edX]?

An item's share is earned / possible; a category is padded with zeros to its minimum, and its lowest
are dropped; its share is the mean of the rest, by the items' weights. The course's share is the sum
of share × category weight, not normalised. All in fractions; only the percent is rounded.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from domain.catalogue.facts import Category, Item, WeightedPolicy, exact
from domain.grading.counting import Score
from domain.grading.explain import Grade, GradedCategory, GradedItem, hash_inputs
from domain.grading.points import points, ratio, whole_numbers
from domain.grading.rounding import letter_for, pass_mark, round_percent


class _Entry(NamedTuple):
    """One item's place in its category's mean; ``item`` None: a zero that stands in for one."""

    item: str | None
    raw: str | None
    possible: str
    weight: str


def grade(
    policy: WeightedPolicy,
    items: Iterable[Item],
    scores: Mapping[str, Score],
    policy_number: int = 0,
    excused: frozenset[str] = frozenset(),
) -> Grade:
    """Compute the grade of one learner [Open edX].

    ``items`` are the run's content in its order, ``scores`` the score by item that counts. Items
    without a category of the policy, without weight or out of 0 do not count. An item without a
    score counts as zero. An excused item does not count, and its category wants one less.
    """
    items = tuple(items)
    by_category: dict[str, list[_Entry]] = defaultdict(list)
    excused_in: Counter[str] = Counter()
    names = frozenset(category.name for category in policy.categories)
    left_out = []
    for item in items:
        entry = _entry(item, scores.get(item.item))
        if item.category is not None and entry is not None:
            if item.item in excused:
                excused_in[item.category] += 1
                if item.category in names:
                    left_out.append(item.item)
            else:
                by_category[item.category].append(entry)
    graded = []
    total = Fraction(0)
    for category in policy.categories:
        document, contribution = _grade_category(
            category, by_category[category.name], excused_in[category.name]
        )
        graded.append(document)
        total += contribution
    percent = round_percent(total, policy.rounding)
    pass_percent = pass_mark(policy.cutoffs)
    return Grade(
        percent=percent,
        exact=str(total),
        letter=letter_for(policy.cutoffs, percent),
        passed=pass_percent is not None and percent >= pass_percent,
        pass_percent=pass_percent,
        rounding=policy.rounding,
        inputs_hash=hash_inputs(policy, policy_number, items, names, scores, excused),
        categories=tuple(graded),
        excused=tuple(left_out),
    )


def _entry(item: Item, score: Score | None) -> _Entry | None:
    raw, possible = (None, item.possible) if score is None else score
    if ratio(item.weight)[0] == 0 or ratio(possible)[0] == 0:
        return None
    return _Entry(item.item, raw, possible, item.weight)


def _grade_category(
    category: Category, entries: list[_Entry], excused: int
) -> tuple[GradedCategory, Fraction]:
    missing = category.minimum - len(entries) - excused
    entries = [*entries, *[_Entry(None, None, "1", "1")] * missing]
    shares, whole = _shares(entries)
    dropped = lowest(shares, category.drop)
    kept = [at for at in range(len(entries)) if at not in dropped]
    weights = whole_numbers(entry.weight for entry in entries)
    earned = sum(weights[at] * shares[at] for at in kept)
    weight = sum(weights[at] for at in kept)
    share = Fraction(earned, whole * weight) if weight else Fraction(0)
    contribution = share * exact(category.weight)
    document = GradedCategory(
        name=category.name,
        weight=category.weight,
        minimum=category.minimum,
        drop=category.drop,
        items=tuple(
            GradedItem(
                entry.item,
                entry.raw,
                None if entry.item is None else entry.possible,
                entry.weight,
                at in dropped,
            )
            for at, entry in enumerate(entries)
        ),
        share=str(share),
        contribution=str(contribution),
        counts_for=str(exact(category.weight)),
    )
    return document, contribution


def _shares(entries: list[_Entry]) -> tuple[list[int], int]:
    """Return each item's raw / possible in whole numbers, and how many of them make a whole."""
    scores = points([(entry.raw or "0", entry.possible) for entry in entries])
    whole = lcm(*(score.possible for score in scores))
    return [score.raw * (whole // score.possible) for score in scores], whole


def lowest(shares: list[int], count: int) -> frozenset[int]:
    """Return the indexes of the ``count`` lowest shares; of equal ones the later is dropped
    [Open edX]."""
    order = sorted(range(len(shares)), key=lambda index: (shares[index], -index))
    return frozenset(order[:count])
