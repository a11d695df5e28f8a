"""When is an item due for this learner, and is what they handed in late?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from domain.assessment.facts import DueBasis, LatenessRedecided
from domain.catalogue.content import Content
from domain.catalogue.facts import Item, ItemDue
from domain.catalogue.state import Run
from domain.enrolment.state import Enrolment

_NEVER = datetime.max.replace(tzinfo=UTC)


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
        after = timedelta(seconds=item.due_after_s)
        return EffectiveDue(relative_due(after, run, enrolment.began_at), "relative")
    return EffectiveDue(item.due, "item")


def relative_due(after: timedelta, run: Run, began_at: datetime | None) -> datetime | None:
    """Return min(enrolment start + offset, run end) [edx-when]; None where that start is not
    known."""
    if began_at is None:
        return None
    due = _enrolment_start(run, began_at) + after
    return due if run.ends is None else min(due, run.ends)


def relative_dues(run: Run, content: Content, began_at: datetime) -> tuple[ItemDue, ...]:
    """Return when each item falls due that is due so long after the enrolment, for who began then;
    nothing where the run's policy gives work that is missing then no score."""
    if not run.scores_missing or not content.relative:
        return ()
    start, ends = _enrolment_start(run, began_at), run.ends or _NEVER
    dues = ((item, start + after) for item, after in content.relative)
    return tuple([ItemDue(item, due if due < ends else ends) for item, due in dues])


def _enrolment_start(run: Run, began_at: datetime) -> datetime:
    """When the learner enrolled, but not before the run starts; enrolling again does not start it
    anew, unless they begin from nothing."""
    return max(began_at, run.starts or began_at)


def relative_items(content: Content) -> tuple[str, ...]:
    """Return the items that take work and fall due so long after each enrolment."""
    return tuple(item for item, _ in content.relative)


def moving_items(content: Content) -> tuple[str, ...]:
    """Return these, and the items whose date is overridden for a cohort or the run."""
    overridden = (item for item, _ in content.due_overrides if item in content.items)
    return tuple(dict.fromkeys((*relative_items(content), *overridden)))


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
