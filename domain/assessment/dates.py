"""When is an item due for this learner, and is what they handed in late?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from domain.assessment.facts import DueBasis, LatenessRedecided
from domain.catalogue.facts import Item, ItemDue
from domain.catalogue.rules import SUBMITTABLE
from domain.catalogue.state import Content, Run
from domain.enrolment.facts import LearnerEnrolled
from domain.enrolment.state import Enrolment, evolve_enrolment

_NEVER = datetime.max.replace(tzinfo=UTC)
_UNSEEN_FOR = timedelta(hours=1)
"""The readings by which everybody in a run is asked for may be so far behind."""


class EffectiveDue(NamedTuple):
    """The last moment that is in time (None: due at no time), and what it rests on.

    ``cohort`` is the cohort whose override counts.
    """

    at: datetime | None
    basis: DueBasis
    cohort: str | None = None


def effective_due(item: Item, content: Content, run: Run, enrolment: Enrolment) -> EffectiveDue:
    """Return when the item is due for the learner.

    Overrides for the learner or their cohorts beat the run's, and that beats the item's own date.
    Among the learner's and the cohorts' overrides the latest wins, and "no due date" beats all
    [Canvas].
    """
    own = list(_overrides(item.item, content, enrolment))
    if own:
        return max(own, key=lambda due: due.at or _NEVER)
    if (item.item, None) in content.due_overrides:
        return EffectiveDue(content.due_overrides[item.item, None], "run")
    if item.due_after_s is not None:
        return EffectiveDue(relative_due(item.due_after_s, run, enrolment.began_at), "relative")
    return EffectiveDue(item.due, "item")


def relative_due(after_s: int, run: Run, began_at: datetime | None) -> datetime | None:
    """Return min(enrolment start + offset, run end) [edx-when].

    The enrolment starts when the learner enrolled, but not before the run does; enrolling again
    does not start it anew, unless they begin from nothing. None where the start is not known.
    """
    if began_at is None:
        return None
    start = max(began_at, run.starts or began_at)
    due = start + timedelta(seconds=after_s)
    return due if run.ends is None else min(due, run.ends)


def relative_items(content: Content) -> tuple[str, ...]:
    """Return the items that take work and fall due so long after each enrolment."""
    return tuple(
        item.item
        for item in content.items.values()
        if item.due_after_s is not None and item.kind in SUBMITTABLE
    )


def with_missing_from(
    enrolled: LearnerEnrolled, run: Run, content: Content, enrolment: Enrolment, now: datetime
) -> LearnerEnrolled:
    """Return it with when each item falls due that the learner must be asked for by themselves.

    What counts from the enrolment; and what was due before they came, or is within the hour, since
    everybody in the run may have been asked for it without them. ``enrolment`` is theirs as yet.
    """
    if not run.scores_missing:
        return enrolled
    within = evolve_enrolment(enrolment, enrolled, now)
    dues = []
    for item in content.items.values():
        if item.kind not in SUBMITTABLE:
            continue
        due = effective_due(item, content, run, within).at
        if due is None or due > now + _UNSEEN_FOR:
            after = item.due_after_s
            due = None if after is None else relative_due(after, run, within.began_at)
        if due is not None:
            dues.append(ItemDue(item.item, due))
    return replace(enrolled, missing_from=tuple(dues))


def late_seconds(submitted: datetime, due: datetime | None) -> int:
    """Return how late work is, rounded up to whole seconds; 0: in time.

    The due moment itself is in time: late means submitted > due [Canvas, Moodle].
    """
    if due is None or submitted <= due:
        return 0
    return -((due - submitted) // timedelta(seconds=1))


def redecided(content: Content, run: Run, enrolment: Enrolment) -> Iterator[LatenessRedecided]:
    """Yield how each attempt is judged by the due dates that count now, where that is otherwise.

    These are new facts [Canvas-like systems leave stale penalties]. An item that was taken out of
    the content has no date, and what was decided stands.
    """
    for name, attempts in enrolment.attempts.items():
        item = content.items.get(name)
        if item is None:
            continue
        due = effective_due(item, content, run, enrolment)
        for made in attempts:
            if made.submitted_at is None:
                continue
            late = late_seconds(made.submitted_at, due.at)
            if (made.due, made.late_seconds) != (due.at, late):
                yield LatenessRedecided(name, made.attempt, due.at, late, due.basis)


def _overrides(item: str, content: Content, enrolment: Enrolment) -> Iterator[EffectiveDue]:
    extension = enrolment.extensions.get(item)
    if extension is not None and (extension.no_due or extension.due is not None):
        yield EffectiveDue(extension.due, "learner")
    for cohort in sorted(enrolment.cohorts):
        if (item, cohort) in content.due_overrides:
            yield EffectiveDue(content.due_overrides[item, cohort], "cohort", cohort)
