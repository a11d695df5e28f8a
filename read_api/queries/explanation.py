"""Which tree of submissions, penalties, drops, weights and rounding is a grade made of?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from domain.catalogue.facts import Cutoff, GradingPolicy, GroupedPolicy, LatePolicy
from domain.grading import explain as domain
from read_api.queries.progress import Attempt, attempts_of
from read_api.queries.standing import Row, Stand


class ExplainedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item's place in its category. ``item`` None: a zero that fills the category up to its
    minimum. ``raw`` of ``possible`` is the score that counts, after any penalty; ``counts`` says
    what it is: an ``override`` by a person, that of ``missing`` work, the best ``attempt``
    (``counts_attempt``), or a result that was ``banked``. ``attempts`` are all those that it was
    chosen from, each with its penalty; ``due`` is when the item is due for this learner."""

    item: str | None
    title: str | None
    raw: str | None
    possible: str | None
    weight: str
    share: str
    dropped: bool
    banked: bool
    banked_from: str | None
    counts: str | None
    counts_attempt: str | None
    overridden_at: datetime | None
    due: datetime | None
    attempts: list[Attempt]


class ExplainedCategory(msgspec.Struct, frozen=True, kw_only=True):
    """A category or group: ``share`` is what its items that are not dropped come to, and
    ``contribution`` is share × ``counts_for``, the weight as it counts in the course: 0 for a group
    without items, more than ``weight`` where such groups are skipped; fraction texts. ``drop`` of
    the lowest and ``drop_highest`` of the highest items are dropped, never one of ``never_drop``.
    """

    name: str
    weight: str
    counts_for: str
    minimum: int
    drop: int
    drop_highest: int
    never_drop: list[str]
    share: str
    contribution: str
    items: list[ExplainedItem]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why the grade is what it is: the sum of the contributions is ``exact``; ``rounding`` names
    the rule that makes it ``percent``; ``letter`` is that of the highest of ``cutoffs`` reached.

    It was computed under policy ``policy_number``, of kind ``policy``, with penalties for late work
    as ``late`` says; the same ``inputs_hash`` gives the same grade for ever. ``excused`` are items
    left out. ``current`` is the same tree over what is graded so far, for a policy that tells it.
    """

    policy: str
    policy_number: int
    late: LatePolicy | None
    percent: int
    letter: str | None
    exact: str
    rounding: str
    inputs_hash: str
    cutoffs: list[Cutoff]
    categories: list[ExplainedCategory]
    excused: list[ExcusedItem]
    current: ExplainedCurrent | None


class ExcusedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item that the learner is excused from."""

    item: str
    title: str


class ExplainedCurrent(msgspec.Struct, frozen=True, kw_only=True):
    """The grade over what is graded so far."""

    percent: int
    letter: str | None
    exact: str
    categories: list[ExplainedCategory]


def explain(policy: GradingPolicy, computed: domain.Grade, stand: Stand) -> Explanation:
    """Return the tree of a grade, down to the submissions."""
    leaves = _Leaves(stand)
    current = computed.current
    return Explanation(
        policy="grouped" if isinstance(policy, GroupedPolicy) else "weighted",
        policy_number=stand.policy_number,
        late=stand.late,
        percent=computed.percent,
        letter=computed.letter,
        exact=computed.exact,
        rounding=computed.rounding,
        inputs_hash=computed.inputs_hash,
        cutoffs=list(policy.cutoffs),
        categories=leaves.categories(computed.categories),
        excused=leaves.excused(computed.excused),
        current=None
        if current is None
        else ExplainedCurrent(
            percent=current.percent,
            letter=current.letter,
            exact=current.exact,
            categories=leaves.categories(current.categories),
        ),
    )


class _Leaves:
    """Puts what is known of each item under the grade's categories."""

    def __init__(self, stand: Stand) -> None:
        self._titles: Mapping[str, str] = {item.item: item.title for item in stand.items}
        self._rows: Mapping[str, Row] = {row["item"]: row for row in stand.rows}

    def excused(self, items: Iterable[str]) -> list[ExcusedItem]:
        """Return the items that are left out."""
        return [ExcusedItem(item=item, title=self._titles.get(item, "")) for item in items]

    def categories(self, found: Sequence[domain.GradedCategory]) -> list[ExplainedCategory]:
        """Return categories with their items."""
        return [
            ExplainedCategory(
                name=category.name,
                weight=category.weight,
                counts_for=category.counts_for,
                minimum=category.minimum,
                drop=category.drop,
                drop_highest=category.drop_highest,
                never_drop=list(category.never_drop),
                share=category.share,
                contribution=category.contribution,
                items=[self._item(item) for item in category.items],
            )
            for category in found
        ]

    def _item(self, item: domain.GradedItem) -> ExplainedItem:
        row: Row = self._rows.get(item.item or "", {})
        attempts = attempts_of(row)
        return ExplainedItem(
            item=item.item,
            title=None if item.item is None else self._titles.get(item.item),
            raw=item.raw,
            possible=item.possible,
            weight=item.weight,
            share=item.share,
            dropped=item.dropped,
            banked=bool(row.get("banked")),
            banked_from=row.get("banked_from"),
            counts=row.get("counts"),
            counts_attempt=row.get("counts_attempt"),
            overridden_at=row.get("overridden_at"),
            due=attempts[-1].due if attempts else None,
            attempts=attempts,
        )
