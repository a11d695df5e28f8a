"""What is known of a run, as it now stands?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from domain.catalogue.facts import (
    OFFER_HOURS,
    ContentVersionPublished,
    DueDateOverridden,
    DueOverrideRemoved,
    GradingPolicy,
    GradingPolicyPublished,
    LatePolicy,
    Mode,
    Module,
    RunArchived,
    RunRescheduled,
    RunScheduled,
    SeatsCounted,
    SeatsLimited,
)
from domain.enrolment.facts import SeatReleased, SeatTaken
from domain.grading.facts import GradesReleased, GradesWithheld
from domain.integrity.facts import IntegrityPolicy, IntegrityPolicyPublished
from domain.kernel import Envelope
from projections.content import first_id
from projections.reading import Documents, Key, names


class DueOverride(Struct, frozen=True, gc=False):
    """Another due date of an item for a cohort (None: the whole run); None: due at no time."""

    item: str
    cohort: str | None
    due: datetime | None


class Run(Struct, frozen=True, gc=False):
    """A run.

    ``taken`` counts the seats of a run whose seats are limited and ``seats_counted``; ``gone`` are
    those who gave a seat back while seats were being counted. ``items`` are those of the content in
    force. ``version`` is that of the run's stream. Who waits for a seat is the waitlist's.
    """

    run: str
    course: str
    title: str
    starts: datetime
    ends: datetime
    opens: datetime | None
    closes: datetime | None
    capacity: int | None
    taken: int
    modes: tuple[Mode, ...]
    certificate_modes: tuple[Mode, ...]
    carry_progress: bool
    archived: bool
    content_number: int
    items: int
    policy_number: int
    policy: GradingPolicy | None
    version: int
    updated_position: int
    seats_counted: bool = False
    gone: tuple[str, ...] = ()
    due_overrides: tuple[DueOverride, ...] = ()
    modules: tuple[Module, ...] = ()
    relocks: bool = False
    late: LatePolicy | None = None
    grades_released: bool = True
    integrity: IntegrityPolicy = IntegrityPolicy()
    offer_hours: int = OFFER_HOURS


def fold_run(document: Run | None, envelope: Envelope, key: Key) -> Run | None:
    """Take one fact of the run, its content or its seats in; nothing before it is scheduled."""
    fact = envelope.fact
    if document is None:
        return _scheduled(fact, envelope, key[0]) if isinstance(fact, RunScheduled) else None
    at: dict[str, Any] = {"updated_position": envelope.position}
    if envelope.stream.split("/")[1] == "run":
        at["version"] = envelope.version
    match fact:
        case SeatTaken():
            return replace(document, taken=document.taken + 1, **at)
        case SeatReleased(subject=subject):
            if not document.seats_counted:
                return replace(document, gone=(*document.gone, subject), **at)
            return replace(document, taken=max(0, document.taken - 1), **at)
        case SeatsCounted(taken=taken):
            still_in = len(set(taken) - set(document.gone))
            return replace(document, taken=still_in, seats_counted=True, gone=(), **at)
        case SeatsLimited(capacity=capacity, offer_hours=hours):
            counted = document.seats_counted and capacity is not None
            return replace(
                document,
                capacity=capacity,
                taken=document.taken if counted else 0,
                seats_counted=counted,
                offer_hours=hours,
                **at,
            )
        case ContentVersionPublished(number=number, items=items, modules=modules, relocks=relocks):
            return replace(
                document,
                content_number=number,
                items=len(items),
                modules=modules,
                relocks=relocks,
                **at,
            )
        case DueDateOverridden(item=item, cohort=cohort, due=due):
            others = _other_overrides(document, item, cohort)
            return replace(document, due_overrides=(*others, DueOverride(item, cohort, due)), **at)
        case DueOverrideRemoved(item=item, cohort=cohort):
            return replace(document, due_overrides=_other_overrides(document, item, cohort), **at)
        case GradingPolicyPublished(number=number, policy=policy, late=late):
            return replace(document, policy_number=number, policy=policy, late=late, **at)
        case RunRescheduled(starts=starts, ends=ends, opens=opens, closes=closes):
            return replace(document, starts=starts, ends=ends, opens=opens, closes=closes, **at)
        case RunArchived():
            return replace(document, archived=True, **at)
        case IntegrityPolicyPublished(policy=asked):
            return replace(document, integrity=asked, **at)
        case GradesWithheld():
            return replace(document, grades_released=False, **at)
        case GradesReleased():
            return replace(document, grades_released=True, **at)
        case _:
            return document


def _other_overrides(run: Run, item: str, cohort: str | None) -> tuple[DueOverride, ...]:
    return tuple(one for one in run.due_overrides if (one.item, one.cohort) != (item, cohort))


def _scheduled(fact: RunScheduled, envelope: Envelope, run: str) -> Run:
    return Run(
        run=run,
        course=fact.course,
        title=fact.title,
        starts=fact.starts,
        ends=fact.ends,
        opens=fact.opens,
        closes=fact.closes,
        capacity=fact.capacity,
        taken=0,
        modes=fact.modes,
        certificate_modes=fact.certificate_modes,
        carry_progress=fact.carry_progress,
        archived=False,
        content_number=0,
        items=0,
        policy_number=0,
        policy=None,
        version=envelope.version,
        updated_position=envelope.position,
    )


RUN = Documents(
    name="run",
    row=Run,
    key=("run",),
    facts=names(
        RunScheduled,
        RunRescheduled,
        RunArchived,
        GradingPolicyPublished,
        IntegrityPolicyPublished,
        GradesWithheld,
        GradesReleased,
        ContentVersionPublished,
        DueDateOverridden,
        DueOverrideRemoved,
        SeatsLimited,
        SeatsCounted,
        SeatTaken,
        SeatReleased,
    ),
    keys=first_id,
    fold=fold_run,
    indexes=("(course)",),
)
