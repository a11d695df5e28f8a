"""How are many scores computed with quickly, and still exactly?

In whole numbers of a unit that divides them all: one fraction a category is enough, where one for
each item costs ten times as much.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import lcm
from typing import NamedTuple

from domain.catalogue.facts import exact


class Points(NamedTuple):
    """Points earned and points possible, as whole numbers of one unit."""

    raw: int
    possible: int


def points(scores: Sequence[tuple[str, str]]) -> list[Points]:
    """Return scores (raw and possible, exact decimal texts) in one unit."""
    unit = lcm(*(ratio(text)[1] for score in scores for text in score))
    return [Points(_in(unit, raw), _in(unit, possible)) for raw, possible in scores]


def whole_numbers(texts: Iterable[str]) -> list[int]:
    """Return exact decimal texts as whole numbers of one unit."""
    ratios = [ratio(text) for text in texts]
    unit = lcm(*(denominator for _, denominator in ratios))
    return [numerator * (unit // denominator) for numerator, denominator in ratios]


@lru_cache(maxsize=65_536)
def ratio(text: str) -> tuple[int, int]:
    """Return an exact decimal text as a fraction in lowest terms."""
    return exact(text).as_integer_ratio()


def _in(unit: int, text: str) -> int:
    numerator, denominator = ratio(text)
    return numerator * (unit // denominator)
