"""How are scores compared, shared out and rounded, without a float anywhere?"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from domain.catalogue.facts import exact
from domain.exact import half_away

SHARE_DECIMALS = 6
"""Decimals of a stored score share; rounded half away from zero."""


@lru_cache(maxsize=16_384)
def share(raw: str, possible: str) -> Fraction | None:
    """Return raw / possible exactly; None where nothing could be scored. Raises ValueError."""
    whole = exact(possible)
    return exact(raw) / whole if whole else None


@lru_cache(maxsize=16_384)
def number(text: str) -> Decimal:
    """Return an exact decimal text as a decimal number. Raises ValueError for anything else."""
    value = exact(text)
    found = Decimal(text)
    if not found.is_finite() or Fraction(found) != value:
        raise ValueError(f"{text} is not an exact decimal")
    return found


@lru_cache(maxsize=16_384)
def score(raw: str, possible: str) -> Decimal | None:
    """Return the share as it is stored: rounded to 6 decimals. Raises ValueError."""
    worth = share(raw, possible)
    return None if worth is None else half_away(worth, SHARE_DECIMALS)


def decile(value: Fraction) -> int:
    """Return 0 to 9 for the tenth that a share falls into, 10 for full marks and above."""
    return max(0, min(10, value.numerator * 10 // value.denominator))
