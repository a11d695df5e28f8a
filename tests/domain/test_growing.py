"""Is a set that only grows a set, however it was filled, and cheap to add to?"""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.growing import Growing

TEXTS = st.lists(st.text(max_size=2), max_size=80)


def grown(texts: list[str]) -> Growing:
    found = Growing()
    for text in texts:
        found = found.with_one(text)
    return found


@given(TEXTS, TEXTS)
def test_it_is_a_set(texts: list[str], others: list[str]) -> None:
    """The same members, once each, equal whatever the order; what was before stays as it was."""
    one = grown(texts)
    assert (set(one), len(one)) == (set(texts), len(set(texts)))
    assert all((text in one) == (text in set(texts)) for text in others)
    assert one == grown(texts[::-1])
    assert hash(one) == hash(grown(texts[::-1]))
    assert (one == grown(others)) == (set(texts) == set(others))
    before = set(one)
    one.with_one("new")
    assert set(one) == before


@given(st.integers(0, 3_000))
def test_its_parts_are_few(size: int) -> None:
    """Each is smaller than the one before, by half at least: looking one up looks into few."""
    parts = grown([str(number) for number in range(size)]).parts
    assert all(len(after) < len(before) for before, after in pairwise(parts))
    assert len(parts) <= math.log2(size + 1) + 1
