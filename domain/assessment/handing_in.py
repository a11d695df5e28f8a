"""What does it record when an attempt begins, is handed in, or gets another deadline?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.assessment.dates import EffectiveDue, effective_due, late_seconds
from domain.assessment.facts import AttemptDeadlineMoved, AttemptStarted, SubmissionReceived
from domain.assessment.rules import deadline_of
from domain.assessment.state import Attempt
from domain.catalogue.content import Content
from domain.catalogue.facts import Item
from domain.catalogue.state import Run
from domain.enrolment.state import Enrolment


def begun(
    item: Item,
    attempt: str,
    number: int,
    at: datetime,
    enrolment: Enrolment,
    run: Run,
    content: Content,
) -> AttemptStarted:
    """Return the beginning of an attempt: pinned to the content as it stands, with its deadline."""
    due = effective_due(item, content, run, enrolment)
    factor = time_factor(item.item, enrolment)
    return AttemptStarted(
        item=item.item,
        attempt=attempt,
        number=number,
        content_version=content.number,
        possible=item.possible,
        deadline=deadline_of(at, item.time_limit_s, factor),
        time_limit_s=item.time_limit_s,
        time_factor=factor,
        on_expiry=item.on_expiry,
        grace_s=item.grace_s,
        due=due.at,
        due_basis=due.basis,
    )


def handed_in(
    item: str,
    made: Attempt,
    started: AttemptStarted,
    artifact: str | None,
    at: datetime,
    enrolment: Enrolment,
    run: Run,
    content: Content,
) -> SubmissionReceived:
    """Return the submission of an attempt that was begun, under the content that it is pinned to.

    It is judged by the date that counts now; where the item was taken out, by the one at its start.
    """
    now = content.items.get(item)
    if now is None:
        due = EffectiveDue(started.due, started.due_basis)
    else:
        due = effective_due(now, content, run, enrolment)
    return SubmissionReceived(
        item=item,
        attempt=made.attempt,
        number=started.number,
        content_version=started.content_version,
        due=due.at,
        late_seconds=late_seconds(at, due.at),
        artifact=artifact,
        possible=started.possible,
        due_basis=due.basis,
    )


def deadlines_moved(enrolment: Enrolment) -> Iterator[AttemptDeadlineMoved]:
    """Yield the deadlines of attempts under way that are others with the learner's terms now."""
    for name, attempts in enrolment.attempts.items():
        factor = time_factor(name, enrolment)
        for made in attempts:
            if not made.under_way or made.started is None or made.started_at is None:
                continue
            deadline = deadline_of(made.started_at, made.started.time_limit_s, factor)
            if deadline is not None and deadline != made.deadline:
                yield AttemptDeadlineMoved(name, made.attempt, deadline, factor)


def time_factor(item: str, enrolment: Enrolment) -> str:
    """Return what the learner's time is multiplied by, as exact decimal text."""
    extension = enrolment.extensions.get(item)
    return "1" if extension is None else extension.time_factor
