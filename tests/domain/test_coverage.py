"""Is coverage the union of what was credited?"""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.engagement.coverage import Intervals, covered_ms, with_interval

SEGMENTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)


def union(segments: list[tuple[int, int]]) -> Intervals:
    """Cover one segment after another."""
    covered: Intervals = ()
    for start, end in segments:
        covered = with_interval(covered, start, end)
    return covered


@given(SEGMENTS)
def test_coverage_counts_unique_milliseconds(segments: list[tuple[int, int]]) -> None:
    """Exactly the set of milliseconds named, whichever way it is counted [xAPI video profile]."""
    assert covered_ms(union(segments)) == len({ms for a, b in segments for ms in range(a, b)})


@given(SEGMENTS, st.randoms(use_true_random=False))
def test_coverage_commutes(segments: list[tuple[int, int]], chance: object) -> None:
    """Late and out-of-order facts are safe [xAPI video profile]."""
    shuffled = list(segments)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert union(shuffled) == union(segments)


@given(SEGMENTS)
def test_coverage_is_idempotent(segments: list[tuple[int, int]]) -> None:
    """Watching twice adds nothing [xAPI video profile]."""
    assert union(segments + segments) == union(segments)


@given(SEGMENTS)
def test_intervals_stay_sorted_and_apart(segments: list[tuple[int, int]]) -> None:
    """What touches is one interval, so a video watched through is kept as one."""
    covered = union(segments)
    assert all(start < end for start, end in covered)
    assert all(a[1] < b[0] for a, b in pairwise(covered))
