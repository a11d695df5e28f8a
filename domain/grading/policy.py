"""How is a course grade computed, whichever policy a run has?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from domain.catalogue.facts import GradingPolicy, GroupedPolicy, Item, WeightedPolicy
from domain.grading import grouped, weighted
from domain.grading.counting import Score
from domain.grading.explain import Grade


def grade(
    policy: GradingPolicy,
    items: Iterable[Item],
    scores: Mapping[str, Score],
    policy_number: int = 0,
    excused: frozenset[str] = frozenset(),
) -> Grade:
    """Compute the grade of one learner: exact until it is rounded, the same for ever.

    ``items`` are the run's content in its order, ``scores`` the score by item that counts,
    ``excused`` the items that this learner is excused from.
    """
    match policy:
        case WeightedPolicy():
            return weighted.grade(policy, items, scores, policy_number, excused)
        case GroupedPolicy():
            return grouped.grade(policy, items, scores, policy_number, excused)
        case _:
            assert_never(policy)
