"""What is the course grade under the ``grouped`` policy [Canvas]?

A group's ratio is points earned by points possible over what is not dropped; the course's share is
the mean of the ratios by the groups' weights. Excused items are removed. A group that is empty is
skipped, and the weights of the others are scaled up where they sum to less than 100. Two grades:
the final one counts what is not graded as zero, the current one leaves it out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from domain.catalogue.facts import Group, GroupedPolicy, Item, exact
from domain.grading.counting import Score
from domain.grading.drops import best, sum_of, worst
from domain.grading.explain import CurrentGrade, Grade, GradedCategory, GradedItem, hash_inputs
from domain.grading.points import Points, points, ratio
from domain.grading.rounding import letter_for, pass_mark, round_percent

WHOLE = Fraction(100)


class _Entry(NamedTuple):
    """One item's points in its group."""

    item: str
    raw: str | None
    possible: str


class _Members(NamedTuple):
    """The items of a group, and their points in one unit."""

    entries: Sequence[_Entry] = ()
    scores: Sequence[Points] = ()

    @classmethod
    def of(cls, entries: Sequence[_Entry]) -> _Members:
        """Take these items in."""
        return cls(entries, points([(entry.raw or "0", entry.possible) for entry in entries]))

    def graded(self) -> _Members:
        """Leave out what is not graded."""
        if all(entry.raw is not None for entry in self.entries):
            return self
        pairs = zip(self.entries, self.scores, strict=True)
        kept = [pair for pair in pairs if pair[0].raw is not None]
        return _Members([entry for entry, _ in kept], [score for _, score in kept])


class _Total(NamedTuple):
    """The course's share and the tree under it; ``nothing`` where no group has an item."""

    share: Fraction
    categories: tuple[GradedCategory, ...]
    nothing: bool


def grade(
    policy: GroupedPolicy,
    items: Iterable[Item],
    scores: Mapping[str, Score],
    policy_number: int = 0,
    excused: frozenset[str] = frozenset(),
) -> Grade:
    """Compute the grade of one learner; what goes in is as for every policy [Canvas].

    An item's weight says nothing here: its points do. Items out of 0 do not count.
    """
    items = tuple(items)
    names = frozenset(group.name for group in policy.groups)
    by_group: dict[str, list[_Entry]] = defaultdict(list)
    left_out = []
    for item in items:
        if item.category not in names:
            continue
        if item.item in excused:
            left_out.append(item.item)
            continue
        score = scores.get(item.item)
        raw, possible = (None, item.possible) if score is None else score
        if ratio(possible)[0] > 0:
            by_group[item.category or ""].append(_Entry(item.item, raw, possible))
    every = {name: _Members.of(entries) for name, entries in by_group.items()}
    graded = {name: members.graded() for name, members in every.items()}
    final = _total(policy, every)
    current = final if graded == every else _total(policy, graded)
    percent = round_percent(final.share, policy.rounding)
    pass_percent = pass_mark(policy.cutoffs)
    return Grade(
        percent=percent,
        exact=str(final.share),
        letter=letter_for(policy.cutoffs, percent),
        passed=pass_percent is not None and percent >= pass_percent,
        pass_percent=pass_percent,
        rounding=policy.rounding,
        inputs_hash=hash_inputs(policy, policy_number, items, names, scores, excused),
        categories=final.categories,
        excused=tuple(left_out),
        current=None if current.nothing else _current(policy, current),
    )


def _current(policy: GroupedPolicy, total: _Total) -> CurrentGrade:
    percent = round_percent(total.share, policy.rounding)
    letter = letter_for(policy.cutoffs, percent)
    return CurrentGrade(percent, str(total.share), letter, total.categories)


def _total(policy: GroupedPolicy, by_group: Mapping[str, _Members]) -> _Total:
    weights = sum(
        (exact(group.weight) for group in policy.groups if _in(by_group, group).entries),
        Fraction(0),
    )
    scale = 1 / min(weights, WHOLE) if weights else Fraction(0)
    documents, total = [], Fraction(0)
    for group in policy.groups:
        members = _in(by_group, group)
        counts_for = exact(group.weight) * scale if members.entries else Fraction(0)
        kept, ratio = _keep(group, members)
        contribution = ratio * counts_for
        total += contribution
        documents.append(_document(group, members.entries, kept, ratio, counts_for, contribution))
    return _Total(total, tuple(documents), weights == 0)


def _in(by_group: Mapping[str, _Members], group: Group) -> _Members:
    return by_group.get(group.name) or _Members()


def _keep(group: Group, members: _Members) -> tuple[frozenset[int], Fraction]:
    """Return which items are not dropped, and what they come to."""
    entries, scores = members
    never = group.never_drop
    free = [at for at, entry in enumerate(entries) if entry.item not in never]
    held = [at for at, entry in enumerate(entries) if entry.item in never] if never else []
    if free:
        # At least one is kept, and where too few are left the highest stay [Canvas].
        lowest = min(group.drop_lowest, len(free) - 1)
        highest = group.drop_highest if lowest + group.drop_highest < len(free) else 0
        fixed = sum_of([scores[at] for at in held])
        if lowest:
            chosen = best([scores[at] for at in free], fixed, len(free) - lowest)
            free = [free[at] for at in chosen]
        if highest:
            chosen = worst([scores[at] for at in free], fixed, len(free) - highest)
            free = [free[at] for at in chosen]
    kept = [*held, *free]
    raw, possible = sum_of([scores[at] for at in kept])
    return frozenset(kept), Fraction(raw, possible) if possible else Fraction(0)


def _document(
    group: Group,
    entries: Sequence[_Entry],
    kept: frozenset[int],
    ratio: Fraction,
    counts_for: Fraction,
    contribution: Fraction,
) -> GradedCategory:
    return GradedCategory(
        name=group.name,
        weight=group.weight,
        minimum=0,
        drop=group.drop_lowest,
        items=tuple(
            GradedItem(
                entry.item,
                entry.raw,
                entry.possible,
                entry.possible,
                at not in kept,
            )
            for at, entry in enumerate(entries)
        ),
        share=str(ratio),
        contribution=str(contribution),
        counts_for=str(counts_for),
        drop_highest=group.drop_highest,
        never_drop=group.never_drop,
    )
