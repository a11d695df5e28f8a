"""What must decisions know of courses, runs, their content and their seats?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import assert_never

import msgspec

from domain.catalogue.facts import (
    OFFER_HOURS,
    SUBMITTABLE,
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
    Module,
    Objective,
    Prerequisite,
    PrerequisiteSet,
    RunArchived,
    RunRescheduled,
    RunScheduled,
    SeatsCounted,
    SeatsLimited,
)
from domain.enrolment.facts import (
    SeatOffered,
    SeatOfferLapsed,
    SeatReleased,
    SeatTaken,
    WaitlistJoined,
    WaitlistLeft,
)
from domain.grading.facts import GradesReleased, GradesWithheld
from domain.integrity.facts import IntegrityPolicy, IntegrityPolicyPublished
from domain.kernel import StreamKind

CourseFact = CourseCreated | PrerequisiteSet
RunFact = (
    RunScheduled
    | RunRescheduled
    | RunArchived
    | GradingPolicyPublished
    | IntegrityPolicyPublished
    | GradesWithheld
    | GradesReleased
)
ContentFact = (
    ContentVersionPublished
    | ContentDrafted
    | DraftDiscarded
    | DueDateOverridden
    | DueOverrideRemoved
)
SeatFact = (
    SeatTaken
    | SeatReleased
    | WaitlistJoined
    | SeatOffered
    | SeatOfferLapsed
    | WaitlistLeft
    | SeatsLimited
    | SeatsCounted
)


class Course(msgspec.Struct, frozen=True):
    """A course, once ``created``."""

    created: CourseCreated | None = None
    prerequisite: Prerequisite | None = None


class Run(msgspec.Struct, frozen=True):
    """A run, once ``scheduled``; the dates are those that stand now.

    ``grades_released`` until they are withheld: a run that says nothing releases each at once.
    """

    scheduled: RunScheduled | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    opens: datetime | None = None
    closes: datetime | None = None
    archived: bool = False
    policy: GradingPolicy | None = None
    policy_number: int = 0
    late: LatePolicy | None = None
    integrity: IntegrityPolicy = IntegrityPolicy()
    integrity_number: int = 0
    grades_released: bool = True

    @property
    def scores_missing(self) -> bool:
        """Whether work that is missing when it falls due has a score."""
        return self.late is not None and self.late.missing is not None


class Content(msgspec.Struct, frozen=True):
    """The content of a run in its version ``number``; 0: none was published.

    ``due_overrides`` are other due dates by item and cohort (None: the whole run); a date None
    there: the item is due at no time. They outlive content versions. ``relative`` are the items
    that take work and fall due so long after each enrolment. ``draft`` is the one that can be
    published, ``drafts`` counts all; ``published_drafts`` are those that were.
    """

    number: int = 0
    modules: Mapping[str, Module] = msgspec.field(default_factory=dict)
    objectives: tuple[Objective, ...] = ()
    relocks: bool = False
    draft: ContentDrafted | None = None
    drafts: int = 0
    published_drafts: frozenset[int] = frozenset()
    items: Mapping[str, Item] = msgspec.field(default_factory=dict)
    relative: tuple[tuple[str, timedelta], ...] = ()
    due_overrides: Mapping[tuple[str, str | None], datetime | None] = msgspec.field(
        default_factory=dict
    )


class Seats(msgspec.Struct, frozen=True):
    """The seats of a run. Not limited: nothing is counted.

    Everybody active in a run whose seats are limited and ``counted`` holds one of them, so a number
    is enough. ``number`` counts how often a limit was set; ``gone`` are those who left while the
    seats were being counted. ``waiting`` are those on the waitlist without an offer, in order;
    ``offers`` are the seats held, with the moment until which.
    """

    capacity: int | None = None
    number: int = 0
    counted: bool = False
    taken: int = 0
    gone: frozenset[str] = frozenset()
    offer_hours: int = OFFER_HOURS
    waiting: tuple[str, ...] = ()
    offers: Mapping[str, datetime] = msgspec.field(default_factory=dict)

    @property
    def held(self) -> int:
        """How many seats nobody else can have: those taken, and those offered."""
        return self.taken + len(self.offers)


def evolve_course(state: Course, fact: CourseFact, _at: datetime) -> Course:
    """Take one fact in. Never refuses."""
    match fact:
        case CourseCreated():
            return Course(fact, state.prerequisite)
        case PrerequisiteSet(prerequisite=prerequisite):
            return Course(state.created, prerequisite)
        case _:
            assert_never(fact)


def evolve_run(state: Run, fact: RunFact, _at: datetime) -> Run:
    """Take one fact in. Never refuses."""
    match fact:
        case RunScheduled(starts=starts, ends=ends, opens=opens, closes=closes):
            return msgspec.structs.replace(
                state, scheduled=fact, starts=starts, ends=ends, opens=opens, closes=closes
            )
        case RunRescheduled(starts=starts, ends=ends, opens=opens, closes=closes):
            return msgspec.structs.replace(
                state, starts=starts, ends=ends, opens=opens, closes=closes
            )
        case RunArchived():
            return msgspec.structs.replace(state, archived=True)
        case GradingPolicyPublished(policy=policy, number=number, late=late):
            return msgspec.structs.replace(state, policy=policy, policy_number=number, late=late)
        case IntegrityPolicyPublished(policy=integrity, number=number):
            return msgspec.structs.replace(state, integrity=integrity, integrity_number=number)
        case GradesWithheld():
            return msgspec.structs.replace(state, grades_released=False)
        case GradesReleased():
            return msgspec.structs.replace(state, grades_released=True)
        case _:
            assert_never(fact)


def evolve_content(state: Content, fact: ContentFact, _at: datetime) -> Content:
    """Take one fact in; a content version is the whole content. Never refuses."""
    match fact:
        case ContentVersionPublished(number=number, items=items, modules=modules, draft=draft):
            published = state.published_drafts | (frozenset() if draft is None else {draft})
            return msgspec.structs.replace(
                state,
                number=number,
                items={item.item: item for item in items},
                relative=tuple(_relative(items)),
                modules={module.module: module for module in modules},
                objectives=fact.objectives,
                relocks=fact.relocks,
                draft=state.draft if draft is None else None,
                published_drafts=published,
            )
        case ContentDrafted(draft=number):
            return msgspec.structs.replace(state, draft=fact, drafts=max(number, state.drafts))
        case DraftDiscarded():
            return msgspec.structs.replace(state, draft=None)
        case DueDateOverridden(item=item, cohort=cohort, due=due):
            overrides = {**state.due_overrides, (item, cohort): due}
            return msgspec.structs.replace(state, due_overrides=overrides)
        case DueOverrideRemoved(item=item, cohort=cohort):
            left = {key: due for key, due in state.due_overrides.items() if key != (item, cohort)}
            return msgspec.structs.replace(state, due_overrides=left)
        case _:
            assert_never(fact)


def _relative(items: Iterable[Item]) -> Iterator[tuple[str, timedelta]]:
    for item in items:
        if item.due_after_s is not None and item.kind in SUBMITTABLE:
            yield item.item, timedelta(seconds=item.due_after_s)


def evolve_seats(state: Seats, fact: SeatFact, _at: datetime) -> Seats:
    """Take one fact in. Never refuses."""
    replace = msgspec.structs.replace
    match fact:
        case SeatTaken(subject=subject):
            taken = replace(state, taken=state.taken + 1)
            return _off_the_list(taken, subject) if state.waiting or state.offers else taken
        case SeatReleased(subject=subject):
            if not state.counted:
                return replace(state, gone=state.gone | {subject})
            return replace(state, taken=max(0, state.taken - 1))
        case WaitlistJoined(subject=subject):
            rest = _off_the_list(state, subject)
            return replace(rest, waiting=(*rest.waiting, subject))
        case SeatOffered(subject=subject, expires=expires):
            rest = _off_the_list(state, subject)
            return replace(rest, offers={**rest.offers, subject: expires})
        case SeatOfferLapsed(subject=subject) | WaitlistLeft(subject=subject):
            return _off_the_list(state, subject)
        case SeatsLimited(capacity=capacity, number=number, offer_hours=hours):
            if capacity is None or state.capacity is None:
                return Seats(capacity, number, offer_hours=hours)
            return replace(state, capacity=capacity, number=number, offer_hours=hours)
        case SeatsCounted(taken=taken_by):
            still_in = len(set(taken_by) - state.gone)
            return replace(state, counted=True, taken=still_in, gone=frozenset())
        case _:
            assert_never(fact)


def _off_the_list(state: Seats, subject: str) -> Seats:
    """Neither waiting nor offered a seat any more."""
    waiting, offers = state.waiting, state.offers
    if subject in waiting:
        waiting = tuple(one for one in waiting if one != subject)
    if subject in offers:
        offers = {one: until for one, until in offers.items() if one != subject}
    return msgspec.structs.replace(state, waiting=waiting, offers=offers)


COURSE = StreamKind("course", Course(), evolve_course, (CourseCreated, PrerequisiteSet))
RUN = StreamKind(
    "run",
    Run(),
    evolve_run,
    (
        RunScheduled,
        RunRescheduled,
        RunArchived,
        GradingPolicyPublished,
        IntegrityPolicyPublished,
        GradesWithheld,
        GradesReleased,
    ),
)
RUN_CONTENT = StreamKind(
    "run-content",
    Content(),
    evolve_content,
    (
        ContentVersionPublished,
        ContentDrafted,
        DraftDiscarded,
        DueDateOverridden,
        DueOverrideRemoved,
    ),
)
RUN_SEATS = StreamKind(
    "run-seats",
    Seats(),
    evolve_seats,
    (
        SeatTaken,
        SeatReleased,
        SeatsLimited,
        SeatsCounted,
        WaitlistJoined,
        WaitlistLeft,
        SeatOffered,
        SeatOfferLapsed,
    ),
)
