"""How are many scores computed with quickly, and still exactly?

In whole numbers of a unit that divides them all: one fraction a category is enough, where one for
each item costs ten times as much.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
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
    ratios = [(ratio(raw), ratio(possible)) for raw, possible in scores]
    units = {one[1] for pair in ratios for one in pair}
    unit = lcm(*units)
    if unit == 1:
        return [Points(raw[0], possible[0]) for raw, possible in ratios]
    by = {one: unit // one for one in units}
    return [
        Points(raw * by[raw_of], possible * by[possible_of])
        for (raw, raw_of), (possible, possible_of) in ratios
    ]


def whole_numbers(texts: Iterable[str]) -> list[int]:
    """Return exact decimal texts as whole numbers of one unit."""
    ratios = [ratio(text) for text in texts]
    unit = lcm(*{denominator for _, denominator in ratios})
    return [numerator * (unit // denominator) for numerator, denominator in ratios]


@lru_cache(maxsize=65_536)
def ratio(text: str) -> tuple[int, int]:
    """Return an exact decimal text as a fraction in lowest terms. Raises ValueError."""
    try:
        return Decimal(text).as_integer_ratio()
    except InvalidOperation:
        return exact(text).as_integer_ratio()
