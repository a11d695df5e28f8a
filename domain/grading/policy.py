"""What does a course grade say, and how is it explained?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from domain.catalogue.facts import Item, WeightedPolicy
from domain.grading.counting import Score


class GradedItem(msgspec.Struct, frozen=True):
    """One item in a category. ``share`` is raw / possible as a fraction text.

    ``raw`` None: there is no score, and it counts as zero. ``item`` None: a zero that stands in for
    an item which the category's minimum wants and the content lacks.
    """

    item: str | None
    raw: str | None
    possible: str | None
    weight: str
    share: str
    dropped: bool


class GradedCategory(msgspec.Struct, frozen=True):
    """One category: ``share`` is the weighted mean of what was not dropped, and ``contribution``
    what it adds to the course's share (share × weight); fraction texts."""

    name: str
    weight: str
    minimum: int
    drop: int
    items: tuple[GradedItem, ...]
    share: str
    contribution: str


class Grade(msgspec.Struct, frozen=True):
    """A course grade with all that it was computed from.

    ``percent`` is whole, as the policy's ``rounding`` gives it; ``exact`` the course's share before
    rounding, as a fraction text; ``pass_percent`` None: the policy names no pass mark.
    """

    percent: int
    exact: str
    letter: str | None
    passed: bool
    pass_percent: int | None
    rounding: str
    inputs_hash: str
    categories: tuple[GradedCategory, ...]


def hash_inputs(
    policy: WeightedPolicy,
    policy_number: int,
    items: Sequence[Item],
    scores: Mapping[str, Score],
    excused: frozenset[str] = frozenset(),
) -> str:
    """Return the SHA-256 in hex of all that a grade is computed from, as canonical JSON.

    What it is made of never changes for inputs that were possible before: the same inputs have the
    same hash for ever.
    """
    counted = {category.name for category in policy.categories}
    inputs: dict[str, Any] = {
        "policy": policy,
        "policy_number": policy_number,
        "items": [
            (item.item, item.category, item.weight, item.possible, scores.get(item.item))
            for item in items
            if item.category in counted
        ],
    }
    left_out = sorted(item.item for item in items if item.item in excused)
    if left_out:
        inputs["excused"] = left_out
    return hashlib.sha256(msgspec.json.encode(inputs, order="deterministic")).hexdigest()
