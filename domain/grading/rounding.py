"""How does an exact share become a whole per cent, a letter, and a pass?

A rule has a version in its name, which never means anything else: a grade that was stored under it
can be computed again for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

from domain.catalogue.facts import Cutoff

_HALF = Fraction(1, 2)
_TWENTIETH = Fraction(1, 20)


def _half_up_after_a_twentieth(percent: Fraction) -> int:
    """Half away from zero after adding 0.05 points: 59.45% becomes 60% [Open edX]."""
    return int(percent + _TWENTIETH + _HALF)


def _half_up(percent: Fraction) -> int:
    """Half away from zero."""
    return int(percent + _HALF)


def _two_places_down(percent: Fraction) -> int:
    """Rounded to two places, halves away from zero, and then down: 89.99% stays 89%, while
    89.995% is 90% [Canvas compares its cutoffs with a grade of two places]."""
    return int(percent * 100 + _HALF) // 100


ROUNDING: Mapping[str, Callable[[Fraction], int]] = {
    "half-up-0.05-v1": _half_up_after_a_twentieth,
    "half-up-v1": _half_up,
    "two-places-down-v1": _two_places_down,
}
"""Every rule there ever was, by name and version."""


def round_percent(share: Fraction, rule: str = "half-up-0.05-v1") -> int:
    """Round a share, which is never negative, to a whole per cent."""
    return ROUNDING[rule](share * 100)


def letter_for(cutoffs: Iterable[Cutoff], percent: int) -> str | None:
    """Return the letter of the highest cutoff that the percent reaches, or None [Open edX]."""
    reached = [cutoff for cutoff in cutoffs if cutoff.percent <= percent]
    return max(reached, key=lambda cutoff: cutoff.percent).letter if reached else None


def pass_mark(cutoffs: Iterable[Cutoff]) -> int | None:
    """Return the lowest nonzero cutoff, from which on a grade passes, or None [Open edX]."""
    return min((cutoff.percent for cutoff in cutoffs if cutoff.percent > 0), default=None)
