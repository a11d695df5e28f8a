"""What does a grade over a hundred items with drops cost?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from itertools import count
from statistics import median

from domain.catalogue.facts import (
    Category,
    Cutoff,
    GradingPolicy,
    Group,
    GroupedPolicy,
    Item,
    WeightedPolicy,
)
from domain.grading.counting import Score
from domain.grading.policy import grade

ITEMS, CATEGORIES = 100, 5
GRADES_A_ROUND = 20
GRADE_MS_MAX = 1.0
_CUTOFFS = (Cutoff("A", 80), Cutoff("Pass", 40))
_CONTENT = tuple(
    Item(f"i{n}", "quiz", f"Quiz {n}", category=f"c{n % CATEGORIES}", possible=str(10 + n % 7))
    for n in range(ITEMS)
)
POLICIES: Mapping[str, GradingPolicy] = {
    "grade_weighted": WeightedPolicy(
        tuple(Category(f"c{n}", "0.2", 22, 3) for n in range(CATEGORIES)), _CUTOFFS
    ),
    "grade_grouped": GroupedPolicy(
        tuple(Group(f"c{n}", "20", 3, 0, (f"i{n}",)) for n in range(CATEGORIES)), _CUTOFFS
    ),
}
"""Padding and drops in every category; three of the lowest are dropped, one is held back."""


def grading(rounds: int) -> dict[str, float]:
    """Return what a grade costs under each policy, in milliseconds: the median of rounds.

    No two learners have the same scores, and every tenth item is not graded.
    """
    return {
        name: median(_round(policy, _learners(seed)) for seed in range(rounds)) * 1e3
        for name, policy in POLICIES.items()
    }


def _round(policy: GradingPolicy, learners: Iterator[dict[str, Score]]) -> float:
    scores = [next(learners) for _ in range(GRADES_A_ROUND)]
    begun = time.perf_counter()
    for one in scores:
        grade(policy, _CONTENT, one, 1)
    return (time.perf_counter() - begun) / GRADES_A_ROUND


def _learners(seed: int) -> Iterator[dict[str, Score]]:
    for learner in count():
        yield {
            item.item: Score(_raw(seed, learner, n, int(item.possible)), item.possible)
            for n, item in enumerate(_CONTENT)
            if (learner + n) % 10
        }


def _raw(seed: int, learner: int, n: int, possible: int) -> str:
    cents = (seed * 7_919 + learner * 3_571 + n * 1_237) % (possible * 100 + 1)
    return f"{cents // 100}.{cents % 100:02}"
