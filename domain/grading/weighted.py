"""What is the course grade under the ``weighted`` policy [Open edX]?

An item's share is earned / possible; a category is padded with zeros to its minimum, and its lowest
are dropped; its share is the mean of the rest, by the items' weights. The course's share is the sum
of share × category weight, not normalised. All in fractions; only the percent is rounded.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

from domain.catalogue.facts import Category, Cutoff, Item, WeightedPolicy, exact
from domain.grading.counting import Score
from domain.grading.policy import Grade, GradedCategory, GradedItem, hash_inputs

_BIAS_PERCENT = Fraction(1, 20)
_HALF = Fraction(1, 2)


class _Entry(NamedTuple):
    """One item's place in its category's mean."""

    item: str | None
    score: Score | None
    possible: str | None
    weight: Fraction
    share: Fraction


def grade(
    policy: WeightedPolicy,
    items: Iterable[Item],
    scores: Mapping[str, Score],
    policy_number: int = 0,
    excused: frozenset[str] = frozenset(),
) -> Grade:
    """Compute the grade of one learner.

    ``items`` are the run's content in its order, ``scores`` the score by item that counts. Items
    without a category of the policy, without weight or out of 0 do not count. An item without a
    score counts as zero. An excused item does not count, and its category wants one less.
    """
    items = tuple(items)
    by_category: dict[str, list[_Entry]] = defaultdict(list)
    excused_in: Counter[str] = Counter()
    for item in items:
        entry = _entry(item, scores.get(item.item))
        if item.category is not None and entry is not None:
            if item.item in excused:
                excused_in[item.category] += 1
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
    percent = round_percent(total)
    pass_percent = pass_mark(policy.cutoffs)
    return Grade(
        percent=percent,
        exact=str(total),
        letter=letter_for(policy.cutoffs, percent),
        passed=pass_percent is not None and percent >= pass_percent,
        pass_percent=pass_percent,
        rounding=policy.rounding,
        inputs_hash=hash_inputs(policy, policy_number, items, scores, excused),
        categories=tuple(graded),
    )


def round_percent(share: Fraction) -> int:
    """Round a share to a whole percent: half away from zero after adding 0.05 points.

    59.45% becomes 60% [Open edX]. A share is never negative.
    """
    return int(share * 100 + _BIAS_PERCENT + _HALF)


def letter_for(cutoffs: Iterable[Cutoff], percent: int) -> str | None:
    """Return the letter of the highest cutoff that the percent reaches, or None."""
    reached = [cutoff for cutoff in cutoffs if cutoff.percent <= percent]
    return max(reached, key=lambda cutoff: cutoff.percent).letter if reached else None


def pass_mark(cutoffs: Iterable[Cutoff]) -> int | None:
    """Return the lowest nonzero cutoff, from which on a grade passes, or None."""
    return min((cutoff.percent for cutoff in cutoffs if cutoff.percent > 0), default=None)


def _entry(item: Item, score: Score | None) -> _Entry | None:
    weight = exact(item.weight)
    possible = exact(item.possible if score is None else score.possible)
    if weight == 0 or possible == 0:
        return None
    share = Fraction(0) if score is None else exact(score.raw) / possible
    return _Entry(
        item.item, score, item.possible if score is None else score.possible, weight, share
    )


def _grade_category(
    category: Category, entries: list[_Entry], excused: int
) -> tuple[GradedCategory, Fraction]:
    missing = category.minimum - len(entries) - excused
    padding = [_Entry(None, None, None, Fraction(1), Fraction(0))] * missing
    entries = [*entries, *padding]
    dropped = lowest(entries, category.drop)
    kept = [entry for index, entry in enumerate(entries) if index not in dropped]
    weights = sum((entry.weight for entry in kept), Fraction(0))
    earned = sum((entry.weight * entry.share for entry in kept), Fraction(0))
    share = earned / weights if weights else Fraction(0)
    contribution = share * exact(category.weight)
    document = GradedCategory(
        name=category.name,
        weight=category.weight,
        minimum=category.minimum,
        drop=category.drop,
        items=tuple(
            GradedItem(
                entry.item,
                None if entry.score is None else entry.score.raw,
                entry.possible,
                str(entry.weight),
                str(entry.share),
                index in dropped,
            )
            for index, entry in enumerate(entries)
        ),
        share=str(share),
        contribution=str(contribution),
    )
    return document, contribution


def lowest(entries: list[_Entry], count: int) -> frozenset[int]:
    """Return the indexes of the ``count`` lowest shares; of equal ones the later is dropped."""
    order = sorted(range(len(entries)), key=lambda index: (entries[index].share, -index))
    return frozenset(order[:count])
