"""Which milliseconds of a video has a learner covered [xAPI video profile]?"""

from __future__ import annotations

Intervals = tuple[tuple[int, int], ...]
"""Half-open intervals in milliseconds: sorted, disjoint, and not touching one another."""


def with_interval(covered: Intervals, start_ms: int, end_ms: int) -> Intervals:
    """Return the union with [start_ms, end_ms). An empty interval adds nothing.

    The union commutes and is idempotent, so late, repeated and reordered facts are safe.
    """
    if start_ms >= end_ms:
        return covered
    before = []
    after = []
    for start, end in covered:
        if end < start_ms:
            before.append((start, end))
        elif start > end_ms:
            after.append((start, end))
        else:
            start_ms = min(start, start_ms)
            end_ms = max(end, end_ms)
    return (*before, (start_ms, end_ms), *after)


def covered_ms(covered: Intervals) -> int:
    """Return the number of unique milliseconds covered."""
    return sum(end - start for start, end in covered)
