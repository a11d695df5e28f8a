"""What does a course grade say, and which tree of numbers is it made of?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from domain.catalogue.facts import GradingPolicy, Item, exact
from domain.grading.counting import Score


class GradedItem(msgspec.Struct, frozen=True):
    """One item in a category.

    ``raw`` None: there is no score, and it counts as zero. ``item`` None: a zero that stands in for
    an item which the category's minimum wants and the content lacks.
    """

    item: str | None
    raw: str | None
    possible: str | None
    weight: str
    dropped: bool

    @property
    def share(self) -> str:
        """Raw / possible as a fraction text."""
        if self.raw is None or self.possible is None:
            return "0"
        return str(exact(self.raw) / exact(self.possible))


class GradedCategory(msgspec.Struct, frozen=True):
    """One category, or group: ``share`` is what its items that were not dropped come to, and
    ``contribution`` what it adds to the course's share (share × ``counts_for``); fraction texts.

    ``weight`` is as the policy writes it, ``counts_for`` the share of the course that this came to;
    "0" for an empty group, which is skipped. ``drop`` of the lowest and ``drop_highest`` of the
    highest are dropped.
    """

    name: str
    weight: str
    minimum: int
    drop: int
    items: tuple[GradedItem, ...]
    share: str
    contribution: str
    counts_for: str
    drop_highest: int = 0
    never_drop: tuple[str, ...] = ()


class CurrentGrade(msgspec.Struct, frozen=True):
    """The grade over what is graded so far, for policies that tell it [Canvas]."""

    percent: int
    exact: str
    letter: str | None
    categories: tuple[GradedCategory, ...]


class Grade(msgspec.Struct, frozen=True):
    """A course grade with all that it was computed from; what is not graded counts zero.

    ``percent`` is whole, as the policy's ``rounding`` gives it; ``exact`` the course's share before
    rounding, as a fraction text; ``pass_percent`` None: the policy names no pass mark. ``excused``
    are the items left out for this learner. ``current`` None: nothing is graded yet, or the policy
    knows no such thing.
    """

    percent: int
    exact: str
    letter: str | None
    passed: bool
    pass_percent: int | None
    rounding: str
    inputs_hash: str
    categories: tuple[GradedCategory, ...]
    excused: tuple[str, ...] = ()
    current: CurrentGrade | None = None


def hash_inputs(
    policy: GradingPolicy,
    policy_number: int,
    items: Sequence[Item],
    names: frozenset[str],
    scores: Mapping[str, Score],
    excused: frozenset[str] = frozenset(),
) -> str:
    """Return the SHA-256 in hex of all that a grade is computed from, as canonical JSON.

    ``names`` are the categories that count. What it is made of never changes for inputs that were
    possible before: the same inputs have the same hash for ever.
    """
    counted = [item for item in items if item.category in names]
    inputs: dict[str, Any] = {
        "policy": policy,
        "policy_number": policy_number,
        "items": [
            (item.item, item.category, item.weight, item.possible, scores.get(item.item))
            for item in counted
        ],
    }
    left_out = sorted(item.item for item in counted if item.item in excused)
    if left_out:
        inputs["excused"] = left_out
    return hashlib.sha256(msgspec.json.encode(inputs, order="deterministic")).hexdigest()
