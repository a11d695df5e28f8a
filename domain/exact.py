"""How are amounts read and written exactly?"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction


def text(amount: Decimal) -> str:
    """Return the exact decimal text of an amount, without exponent."""
    return format(amount, "f") if amount else "0"


def half_away(value: Fraction, places: int) -> Decimal:
    """Round to so many decimal places, halves away from zero."""
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if value >= 0 else -whole).scaleb(-places)
