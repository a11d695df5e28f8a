"""Which score of an item counts, of all that there are?

The one place that says so: decisions, readings and answers all ask here, so that no two views of
one grade differ (credentials#718).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from domain.catalogue.facts import exact
from domain.exact import text
from domain.grading.points import ratio

Basis = Literal["attempt", "banked", "missing", "override"]
"""What a counted score rests on."""


class Score(NamedTuple):
    """A score and the highest there could be, as exact decimal texts."""

    raw: str
    possible: str

    def equals(self, other: Score) -> bool:
        """Whether both are the same numbers, however they are written."""
        return same(self.raw, other.raw) and same(self.possible, other.possible)

    def beats(self, other: Score) -> bool:
        """Whether this has a higher share; one out of 0 has none, and is beaten by any other."""
        (raw, raw_of), (possible, possible_of) = ratio(self.raw), ratio(self.possible)
        (old, old_of), (most, most_of) = ratio(other.raw), ratio(other.possible)
        if possible == 0 or most == 0:
            return possible != 0
        return raw * possible_of * old_of * most > old * most_of * raw_of * possible

    @property
    def share(self) -> Fraction | None:
        """Raw / possible; None: nothing was possible, so there is no percentage."""
        possible = exact(self.possible)
        return exact(self.raw) / possible if possible else None


class Mark(NamedTuple):
    """What an attempt was given, and how many points were deducted for being late."""

    raw: str
    possible: str
    deducted: str = "0"

    @property
    def score(self) -> Score:
        """What is left after the penalty: not below min(0, raw) [Canvas]."""
        if self.deducted == "0":
            return Score(self.raw, self.possible)
        raw = Decimal(self.raw)
        return Score(text(max(raw - Decimal(self.deducted), min(Decimal(0), raw))), self.possible)


class Candidate(NamedTuple):
    """A score that might count: an attempt's, with its id, or one that was carried over."""

    basis: Basis
    attempt: str | None
    mark: Mark


class Counted(NamedTuple):
    """The score of an item that counts, what it rests on, and of which attempt it is."""

    score: Score
    basis: Basis
    attempt: str | None = None


def choose(
    candidates: Iterable[Candidate], override: Score | None = None, missing: Score | None = None
) -> Counted | None:
    """Return the score that counts, or None where there is none.

    An override is final. Else the best counts, by what is left **after** the penalty
    (canvas-lms#1354): the highest share; among equals the first; what is out of 0 has no share and
    counts only where there is nothing else. Missing work's score counts where there is no other.
    """
    if override is not None:
        return Counted(override, "override")
    best: Counted | None = None
    for basis, attempt, mark in candidates:
        score = mark.score
        if best is None or score.beats(best.score):
            best = Counted(score, basis, attempt)
    if best is None and missing is not None:
        return Counted(missing, "missing")
    return best


def scores_of(counted: Mapping[str, Counted]) -> dict[str, Score]:
    """Return the scores that a course grade is computed from.

    A score out of 0 has no percentage and is left out.
    """
    return {item: one.score for item, one in counted.items() if ratio(one.score.possible)[0] != 0}


def same(a: str | None, b: str | None) -> bool:
    """Whether both are the same number, or both none."""
    return a == b or (a is not None and b is not None and Decimal(a) == Decimal(b))
