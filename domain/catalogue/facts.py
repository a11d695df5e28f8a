"""What happens in the catalogue?"""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import msgspec

from domain.kernel import Fact

ItemKind = Literal[
    "video", "reading", "quiz", "assignment", "coding-exercise", "peer-task", "exam", "page"
]
SUBMITTABLE = frozenset({"quiz", "assignment", "coding-exercise", "peer-task", "exam"})
"""The kinds of item that take work."""
REFUND_DAYS = 14
OFFER_HOURS = 48
"""How long an offered seat is held, where the run does not say."""

OnExpiry = Literal["submit", "grace", "abandon"]
"""What becomes of a timed attempt when its time is up: what is there is handed in, it can still be
handed in for a while, or it is abandoned."""
Mode = str
"""How a learner takes a run: ``audit``, ``verified``, ``honor`` … An open set: a run says which."""


class Criterion(msgspec.Struct, frozen=True):
    """What a review looks at, with the highest whole points for it."""

    name: str
    possible: int


class PeerTask(msgspec.Struct, frozen=True, omit_defaults=True):
    """How peers review the work on an item [Open edX ORA].

    A learner reviews ``must_grade`` others' and is reviewed by ``must_be_graded_by``; ``flexible``:
    after some days fewer are enough.
    """

    must_grade: int
    must_be_graded_by: int
    criteria: tuple[Criterion, ...]
    flexible: bool = False


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """A piece of a run's content.

    ``possible`` is the highest score as an exact decimal text, ``weight`` the item's weight within
    its category likewise, ``due`` the last moment that is in time; ``due_after_s`` in its place
    counts whole seconds from the learner's enrolment start. ``attempts`` absent: unlimited.
    ``cooldown_s`` is how long to wait after one, in whole seconds. ``time_limit_s`` is how long one
    takes; then ``on_expiry`` counts, with ``grace_s`` where that is ``grace``.
    ``threshold`` is the covered share of a video that completes it, as an exact decimal text;
    ``label`` is what the source calls this kind of item. ``peer``: its work is reviewed by peers.
    ``objectives`` are those that it serves.
    """

    item: str
    kind: ItemKind
    title: str
    module: str = ""
    category: str | None = None
    weight: str = "1"
    possible: str = "100"
    due: datetime | None = None
    opens: datetime | None = None
    attempts: int | None = None
    duration_ms: int | None = None
    threshold: str = "1"
    label: str | None = None
    due_after_s: int | None = None
    cooldown_s: int | None = None
    time_limit_s: int | None = None
    on_expiry: OnExpiry = "submit"
    grace_s: int = 0
    peer: PeerTask | None = None
    objectives: tuple[str, ...] = ()


class Requirement(msgspec.Struct, frozen=True, omit_defaults=True):
    """What of a module must be reached, in per cent as exact decimal texts."""

    module: str
    minimum_score: str = "0"
    minimum_completion: str = "0"


class Module(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of a run's content; it is locked until what it ``requires`` is met."""

    module: str
    title: str = ""
    requires: tuple[Requirement, ...] = ()


class Objective(msgspec.Struct, frozen=True):
    """What a learner is to be able to do; items name the objectives that they serve."""

    objective: str
    text: str


class Category(msgspec.Struct, frozen=True, omit_defaults=True):
    """A category of the ``weighted`` policy: weight as a share of 1, exact decimal text."""

    name: str
    weight: str
    minimum: int = 0
    drop: int = 0


class Cutoff(msgspec.Struct, frozen=True):
    """A letter is given from this whole percent on."""

    letter: str
    percent: int


class WeightedPolicy(msgspec.Struct, frozen=True, tag="weighted", tag_field="kind"):
    """The ``weighted`` grading policy [Open edX], with the version of its rounding rule."""

    categories: tuple[Category, ...]
    cutoffs: tuple[Cutoff, ...]
    rounding: Literal["half-up-0.05-v1"] = "half-up-0.05-v1"


class Group(msgspec.Struct, frozen=True, omit_defaults=True):
    """A group of the ``grouped`` policy: the items whose category has its name.

    ``weight`` is per cent of the course, an exact decimal text. So many of the lowest and of the
    highest are dropped, but never the items of ``never_drop``.
    """

    name: str
    weight: str
    drop_lowest: int = 0
    drop_highest: int = 0
    never_drop: tuple[str, ...] = ()


class GroupedPolicy(msgspec.Struct, frozen=True, tag="grouped", tag_field="kind"):
    """The ``grouped`` grading policy [Canvas], with the version of its rounding rule."""

    groups: tuple[Group, ...]
    cutoffs: tuple[Cutoff, ...]
    rounding: Literal["two-places-down-v1", "half-up-v1"] = "two-places-down-v1"


GradingPolicy = WeightedPolicy | GroupedPolicy
"""How a course grade is computed: one of the policies that there are."""


class LatePolicy(msgspec.Struct, frozen=True, omit_defaults=True):
    """What late and missing work costs [Canvas]. Per cents are exact decimal texts.

    ``rate`` is deducted for each begun interval of ``interval_seconds``, of the highest score, down
    to ``floor`` and not further. ``missing`` is deducted from the highest score where nothing was
    handed in; None: missing work has no score.
    """

    rate: str = "0"
    interval_seconds: int = 86_400
    floor: str = "0"
    missing: str | None = None


class ItemDue(msgspec.Struct, frozen=True):
    """When an item falls due."""

    item: str
    due: datetime


class Prerequisite(msgspec.Struct, frozen=True, omit_defaults=True):
    """A course that must have been passed, or a minimum grade in it (whole percent)."""

    course: str
    minimum_percent: int | None = None


class CourseCreated(Fact, frozen=True):
    """A course entered the catalogue."""

    course: str
    title: str
    description: str = ""


class PrerequisiteSet(Fact, frozen=True):
    """What a learner needs before a run of this course. None: nothing any more."""

    course: str
    prerequisite: Prerequisite | None


class RunScheduled(Fact, frozen=True):
    """A presentation of a course was announced. Windows are half-open: opens <= now < closes.

    ``weeks_to_complete`` limits the access of who audits it; None: it does not expire.
    ``refund_days`` is how long money is given back.
    """

    run: str
    course: str
    title: str
    starts: datetime
    ends: datetime
    opens: datetime | None
    closes: datetime | None
    capacity: int | None
    modes: tuple[Mode, ...]
    certificate_modes: tuple[Mode, ...]
    carry_progress: bool = True
    weeks_to_complete: int | None = None
    refund_days: int = REFUND_DAYS


class RunRescheduled(Fact, frozen=True, omit_defaults=True):
    """The run's dates were changed; these are all of them as they now stand.

    ``missing_after`` as in GradingPolicyPublished.
    """

    run: str
    starts: datetime
    ends: datetime
    opens: datetime | None
    closes: datetime | None
    missing_after: tuple[str, ...] = ()


class RunArchived(Fact, frozen=True):
    """The run takes no more enrolments and no more work."""

    run: str


class ContentVersionPublished(Fact, frozen=True):
    """The run's whole content, as numbered state. ``number`` counts from 1.

    ``removed`` are the items of the version before that are not in this one, ``redated`` those in
    both that are due at another time. ``scores_missing``: the run's policy gives work that is
    missing when it falls due a score. ``relocks``: a module is locked again where what it requires
    is met no more; otherwise what was unlocked stays so. ``draft`` is the draft that was published.
    """

    run: str
    number: int
    items: tuple[Item, ...]
    changes: str = ""
    removed: tuple[str, ...] = ()
    redated: tuple[str, ...] = ()
    scores_missing: bool = False
    modules: tuple[Module, ...] = ()
    objectives: tuple[Objective, ...] = ()
    relocks: bool = False
    draft: int | None = None


class ContentDrafted(Fact, frozen=True, omit_defaults=True):
    """The run's whole content as it might become, for the ``draft``-th time (from 1). It takes the
    place of the draft before, and rests on content version ``base`` (0: none). Nobody learns by it.
    """

    run: str
    draft: int
    base: int
    items: tuple[Item, ...]
    changes: str = ""
    modules: tuple[Module, ...] = ()
    objectives: tuple[Objective, ...] = ()
    relocks: bool = False


class DraftDiscarded(Fact, frozen=True):
    """The draft will not be published."""

    run: str
    draft: int


class DueDateOverridden(Fact, frozen=True, omit_defaults=True):
    """An item is due at another time for a cohort, or (``cohort`` None) for the whole run.

    It takes the place of the override that the same cohort or the run had. ``due`` None: the item
    is due at no time. ``scores_missing``: the run's policy gives work that is missing then a score.
    """

    run: str
    item: str
    due: datetime | None
    reason: str
    cohort: str | None = None
    scores_missing: bool = False


class DueOverrideRemoved(Fact, frozen=True, omit_defaults=True):
    """The override of a cohort, or (``cohort`` None) that of the run, counts no more.
    ``scores_missing`` as in DueDateOverridden."""

    run: str
    item: str
    reason: str
    cohort: str | None = None
    scores_missing: bool = False


class GradingPolicyPublished(Fact, frozen=True, omit_defaults=True):
    """How the run is graded from now on. ``number`` counts from 1.

    ``late`` is what late and missing work costs; None: nothing. ``missing_from`` is when each item
    of the content falls due, where work that is missing then has a score; ``missing_after`` are the
    items that fall due so long after each learner's enrolment, or whose date is overridden.
    """

    run: str
    number: int
    policy: GradingPolicy
    late: LatePolicy | None = None
    missing_from: tuple[ItemDue, ...] = ()
    missing_after: tuple[str, ...] = ()


class SeatsLimited(Fact, frozen=True):
    """The run's capacity was set (None: no limit), for the ``number``-th time (from 1).

    Where seats were not counted before, the run is closed until they are. ``offer_hours`` is how
    long a seat is held for the head of the waitlist.
    """

    run: str
    capacity: int | None
    number: int = 1
    offer_hours: int = OFFER_HOURS


class SeatsCounted(Fact, frozen=True):
    """Who was in when seats became limited, counted at a position of the log.

    ``number`` is the SeatsLimited that it answers; position 0: the run had only just been made.
    """

    run: str
    taken: tuple[str, ...]
    at_position: int
    number: int = 1


@lru_cache(maxsize=16_384)
def exact(text: str) -> Fraction:
    """Read an exact decimal text as a Fraction. Raises ValueError for anything else."""
    return Fraction(text)
