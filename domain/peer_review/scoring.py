"""What do the reviews of one submission come to [Open edX ORA]?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from domain.catalogue.facts import PeerTask
from domain.peer_review.facts import Part

RELAXED_AFTER = timedelta(days=7)
RELAXED_PERCENT = 30


def median(points: Sequence[int]) -> int:
    """Return the middle value; of an even count the mean of the middle two, rounded up.

    1, 2: 2. 1, 3: 2. 2, 3, 9: 3. None at all is no question to ask.
    """
    ordered = sorted(points)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return -(-(ordered[middle - 1] + ordered[middle]) // 2)


def medians(task: PeerTask, reviews: Sequence[Sequence[Part]]) -> tuple[Part, ...]:
    """Return the median of the reviews for every criterion, in the task's order."""
    given = [{part.criterion: part.points for part in parts} for parts in reviews]
    return tuple(
        Part(criterion.name, median([points[criterion.name] for points in given]))
        for criterion in task.criteria
    )


def reviews_needed(task: PeerTask, *, relaxed: bool) -> int:
    """Return how many reviews a score wants: once relaxed, max(1, floor(30%)) of them."""
    if not relaxed:
        return task.must_be_graded_by
    return max(1, task.must_be_graded_by * RELAXED_PERCENT // 100)
