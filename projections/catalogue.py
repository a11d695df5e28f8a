"""Which courses, runs and items are there, as they now stand?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from domain.catalogue.facts import (
    OFFER_HOURS,
    ContentDrafted,
    ContentVersionPublished,
    CourseCreated,
    DraftDiscarded,
    DueDateOverridden,
    DueOverrideRemoved,
    GradingPolicy,
    GradingPolicyPublished,
    Item,
    LatePolicy,
    Mode,
    Module,
    Objective,
    PeerTask,
    PrerequisiteSet,
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
from projections.reading import Documents, Key, Reading, View, columns, names
from projections.search import TSV, entry_keys, published


class Course(Struct, frozen=True, gc=False):
    """A course of the catalogue. ``version`` is that of its stream."""

    course: str
    title: str
    description: str
    prerequisite_course: str | None
    prerequisite_percent: int | None
    created_at: datetime
    position: int
    version: int


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


class RunItem(Struct, frozen=True, gc=False):
    """An item of a run, as the content version that last held it says."""

    run: str
    item: str
    kind: str
    title: str
    module: str
    category: str | None
    weight: str
    possible: str
    due: datetime | None
    opens: datetime | None
    attempts: int | None
    duration_ms: int | None
    threshold: str
    label: str | None
    ordinal: int
    content_number: int
    due_after_s: int | None = None
    cooldown_s: int | None = None
    time_limit_s: int | None = None
    on_expiry: str = "submit"
    grace_s: int = 0
    peer: PeerTask | None = None
    objectives: tuple[str, ...] = ()


class ContentVersion(Struct, frozen=True, gc=False):
    """A version of a run's content, as it was published; ``draft`` is the draft that it was."""

    run: str
    number: int
    published_at: datetime
    actor: str
    position: int
    changes: str
    items: tuple[Item, ...]
    modules: tuple[Module, ...]
    objectives: tuple[Objective, ...]
    relocks: bool
    draft: int | None
    item_count: int


class ContentDraft(Struct, frozen=True, gc=False):
    """The latest draft of a run's content; ``state`` is open, published or discarded."""

    run: str
    draft: int
    base: int
    state: str
    drafted_at: datetime
    actor: str
    position: int
    changes: str
    items: tuple[Item, ...]
    modules: tuple[Module, ...]
    objectives: tuple[Objective, ...]
    relocks: bool
    item_count: int


def fold_version(
    document: ContentVersion | None, envelope: Envelope, key: Key
) -> ContentVersion | None:
    """Keep a version as it was published."""
    fact = envelope.fact
    if not isinstance(fact, ContentVersionPublished):
        return document
    return ContentVersion(
        run=key[0],
        number=fact.number,
        published_at=envelope.occurred_at,
        actor=envelope.actor,
        position=envelope.position,
        changes=fact.changes,
        items=fact.items,
        modules=fact.modules,
        objectives=fact.objectives,
        relocks=fact.relocks,
        draft=fact.draft,
        item_count=len(fact.items),
    )


def version_keys(envelope: Envelope) -> Iterable[Key]:
    """Run and number of the version."""
    return ((envelope.stream.split("/")[2], envelope.fact.number),)  # type: ignore[attr-defined]


def fold_draft(document: ContentDraft | None, envelope: Envelope, key: Key) -> ContentDraft | None:
    """Keep the latest draft, and what became of it."""
    match envelope.fact:
        case ContentDrafted() as fact:
            return ContentDraft(
                run=key[0],
                draft=fact.draft,
                base=fact.base,
                state="open",
                drafted_at=envelope.occurred_at,
                actor=envelope.actor,
                position=envelope.position,
                changes=fact.changes,
                items=fact.items,
                modules=fact.modules,
                objectives=fact.objectives,
                relocks=fact.relocks,
                item_count=len(fact.items),
            )
        case ContentVersionPublished(draft=draft) if document is not None:
            if draft != document.draft:
                return document
            return replace(document, state="published", position=envelope.position)
        case DraftDiscarded() if document is not None:
            return replace(document, state="discarded", position=envelope.position)
        case _:
            return document


class Published(Struct, frozen=True, gc=False):
    """What there was to find of a course, run or item from a position of the log on, until there is
    a later row; ``retired``: nothing any more."""

    entry: str
    position: int
    occurred_at: datetime
    kind: str
    id: str
    run: str | None
    course: str | None
    title: str
    body: str
    retired: bool


def fold_published(document: Published | None, envelope: Envelope, key: Key) -> Published:
    """Note what a fact of the catalogue lets be found."""
    found = published(envelope, key[0])
    return document or Published(
        entry=key[0],
        position=envelope.position,
        occurred_at=envelope.occurred_at,
        kind=found.kind,
        id=found.id,
        run=found.run,
        course=found.course,
        title=found.title,
        body=found.body,
        retired=found.retired,
    )


def published_keys(envelope: Envelope) -> Iterable[Key]:
    """The entries that a fact concerns, each with its position."""
    return tuple((entry, envelope.position) for (entry,) in entry_keys(envelope))


def fold_course(document: Course | None, envelope: Envelope, key: Key) -> Course | None:
    """Take one fact of the course's stream in."""
    at = {"position": envelope.position, "version": envelope.version}
    match envelope.fact:
        case CourseCreated(title=title, description=description) if document is None:
            return Course(
                key[0],
                title,
                description,
                None,
                None,
                envelope.occurred_at,
                envelope.position,
                envelope.version,
            )
        case PrerequisiteSet(prerequisite=wanted) if document is not None:
            return replace(
                document,
                prerequisite_course=wanted.course if wanted else None,
                prerequisite_percent=wanted.minimum_percent if wanted else None,
                **at,
            )
        case _:
            return document


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


def fold_item(document: RunItem | None, envelope: Envelope, key: Key) -> RunItem | None:
    """Take a content version in, as far as this item goes."""
    run, name = key
    fact = envelope.fact
    if not isinstance(fact, ContentVersionPublished):
        return document
    for ordinal, item in enumerate(fact.items, 1):
        if item.item == name:
            return RunItem(
                run=run,
                item=name,
                kind=item.kind,
                title=item.title,
                module=item.module,
                category=item.category,
                weight=item.weight,
                possible=item.possible,
                due=item.due,
                opens=item.opens,
                attempts=item.attempts,
                duration_ms=item.duration_ms,
                threshold=item.threshold,
                label=item.label,
                ordinal=ordinal,
                content_number=fact.number,
                due_after_s=item.due_after_s,
                cooldown_s=item.cooldown_s,
                time_limit_s=item.time_limit_s,
                on_expiry=item.on_expiry,
                grace_s=item.grace_s,
                peer=item.peer,
                objectives=item.objectives,
            )
    return document


def first_id(envelope: Envelope) -> Iterable[Key]:
    """The course or run that the stream is named for."""
    return ((envelope.stream.split("/")[2],),)


def item_keys(envelope: Envelope) -> Iterable[Key]:
    """Run and item, for every item of the content."""
    fact = envelope.fact
    if not isinstance(fact, ContentVersionPublished):
        return ()
    run = envelope.stream.split("/")[2]
    return tuple((run, item.item) for item in fact.items)


_RUN = names(RunScheduled, RunRescheduled, RunArchived, GradingPolicyPublished) | names(
    IntegrityPolicyPublished, GradesWithheld, GradesReleased
)

CATALOGUE = Reading(
    name="catalogue",
    version=2,
    documents=(
        Documents(
            name="course",
            row=Course,
            key=("course",),
            facts=names(CourseCreated, PrerequisiteSet),
            keys=first_id,
            fold=fold_course,
        ),
        Documents(
            name="run",
            row=Run,
            key=("run",),
            facts=_RUN
            | names(ContentVersionPublished, SeatsLimited, SeatsCounted, SeatTaken, SeatReleased)
            | names(DueDateOverridden, DueOverrideRemoved),
            keys=first_id,
            fold=fold_run,
            indexes=("(course)",),
        ),
        Documents(
            name="published",
            row=Published,
            key=("entry", "position"),
            facts=names(CourseCreated, RunScheduled, ContentVersionPublished),
            keys=published_keys,
            fold=fold_published,
            indexes=("using gin (tsv)", "(lower(id))"),
            write_once=True,
            generated={"tsv": TSV},
        ),
        Documents(
            name="content_version",
            row=ContentVersion,
            key=("run", "number"),
            facts=names(ContentVersionPublished),
            keys=version_keys,
            fold=fold_version,
        ),
        Documents(
            name="content_draft",
            row=ContentDraft,
            key=("run",),
            facts=names(ContentDrafted, DraftDiscarded, ContentVersionPublished),
            keys=first_id,
            fold=fold_draft,
        ),
        Documents(
            name="item",
            row=RunItem,
            key=("run", "item"),
            facts=names(ContentVersionPublished),
            keys=item_keys,
            fold=fold_item,
        ),
    ),
    views=(
        View("courses", columns(Course), "{course}"),
        View("runs", columns(Run), "{run}"),
        View("published", (*columns(Published), "tsv"), "{published}"),
        View("content_versions", columns(ContentVersion), "{content_version}"),
        View("content_drafts", columns(ContentDraft), "{content_draft}"),
        View(
            "items",
            columns(RunItem, "i"),
            "{item} i join {run} r on r.run = i.run and r.content_number = i.content_number",
        ),
    ),
)
