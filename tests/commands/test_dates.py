"""When is an item due for this learner, and what follows for what is in when that moves?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as st
from pydantic import ValidationError

from commands.register import DECISIONS
from domain.assessment.dates import EffectiveDue, effective_due
from domain.assessment.facts import (
    ExtensionGranted,
    ExtensionWithdrawn,
    LatenessRedecided,
    SubmissionReceived,
)
from domain.assessment.rules import ItemNotSubmittable, ReleaseAfterDue
from domain.catalogue.content import Content
from domain.catalogue.facts import (
    DueDateOverridden,
    DueOverrideRemoved,
    Item,
    RunArchived,
    RunRescheduled,
)
from domain.catalogue.rules import ItemUnknown, RunIsArchived, RunUnknown
from domain.catalogue.state import Run
from domain.enrolment.facts import CohortJoined, CohortLeft, LearnerEnrolled, LearnerWithdrawn
from domain.enrolment.rules import NotEnrolled
from domain.enrolment.state import Enrolment
from domain.kernel import Fact, Personal
from tests.given import (
    ENROLLED,
    LEARNER,
    RUN_ID,
    RUNNING,
    TMA,
    content,
    day,
    given,
    placed,
)

WORK = {**LEARNER, "item": "1752", "attempt": "1"}
TERMS = {**LEARNER, "item": "1752", "reason": "Ill"}
ILL: Personal[str] = Personal(value="Ill")
DUE = TMA.due
assert DUE is not None
LATE = DUE + timedelta(hours=25)
TUESDAY, FRIDAY = DUE + timedelta(days=2), DUE + timedelta(days=5)


def judged(*facts: Fact, at: datetime = LATE) -> tuple[datetime | None, str, int]:
    """Hand work in after these facts; return when it was due, why, and how late it was."""
    (fact,) = given(*ENROLLED, *facts).when("submit-work", at, **WORK).facts
    assert isinstance(fact, SubmissionReceived)
    return fact.due, fact.due_basis, fact.late_seconds


def cohort_due(cohort: str | None, due: datetime | None) -> DueDateOverridden:
    """Another due date for a cohort or the run."""
    return DueDateOverridden(RUN_ID, "1752", due, "Snow", cohort)


def test_an_override_beats_the_items_date_and_the_learners_beats_the_runs() -> None:
    """Overrides for a learner or cohort beat the run's. Source: rules.md [Canvas]."""
    assert judged() == (DUE, "item", 90_000)
    assert judged(cohort_due(None, TUESDAY)) == (TUESDAY, "run", 0)
    assert judged(cohort_due("c1", TUESDAY)) == (DUE, "item", 90_000)
    for_run, mine = cohort_due(None, FRIDAY), ExtensionGranted("1752", due=TUESDAY)
    assert judged(for_run, mine) == (TUESDAY, "learner", 0)
    assert judged(for_run, CohortJoined("c1"), cohort_due("c1", TUESDAY)) == (TUESDAY, "cohort", 0)


def test_among_overrides_the_latest_wins_and_no_due_date_beats_all() -> None:
    """Of the learner's and their cohorts'. Source: rules.md [Canvas]."""
    both = (CohortJoined("c1"), CohortJoined("c2"))
    mine = ExtensionGranted("1752", due=TUESDAY)
    assert judged(*both, mine, cohort_due("c1", FRIDAY))[:2] == (FRIDAY, "cohort")
    assert judged(*both, cohort_due("c1", FRIDAY), cohort_due("c2", TUESDAY))[0] == FRIDAY
    assert judged(*both, mine, cohort_due("c2", DUE))[:2] == (TUESDAY, "learner")
    assert judged(*both, mine, cohort_due("c1", None), cohort_due("c2", FRIDAY)) == (
        None,
        "cohort",
        0,
    )
    never = ExtensionGranted("1752", no_due=True)
    assert judged(*both, never, cohort_due("c1", FRIDAY)) == (None, "learner", 0)


def test_a_cohort_that_was_left_does_not_count() -> None:
    """Nor does an override that was taken back."""
    assert judged(CohortJoined("c1"), cohort_due("c1", FRIDAY), CohortLeft("c1"))[1] == "item"
    removed = DueOverrideRemoved(RUN_ID, "1752", "Thaw", "c1")
    assert judged(CohortJoined("c1"), cohort_due("c1", FRIDAY), removed)[1] == "item"
    assert judged(cohort_due(None, FRIDAY), removed)[1] == "run"


def test_a_relative_date_is_the_start_plus_the_offset_but_not_after_the_runs_end() -> None:
    """min(enrolment start + offset, run end). Source: rules.md [edx-when].

    The enrolment starts with the enrolling, or with the run where that comes later.
    """
    week = Item("1752", "quiz", "Q", due_after_s=7 * 86_400)

    def due(enrolled_at: datetime, item: Item = week, *more: Fact) -> datetime | None:
        enrolled = placed(LearnerEnrolled("audit"), at=enrolled_at)
        record = given(*RUNNING, content(item, number=2), enrolled, *more)
        (fact,) = record.when("submit-work", day(400), **WORK).facts
        assert isinstance(fact, SubmissionReceived)
        assert fact.due_basis == "relative"
        return fact.due

    assert due(day(3)) == day(10)
    assert due(day(-30)) == day(7, 0)
    assert due(day(265)) == day(269, 0)
    moved = RunRescheduled(RUN_ID, day(0, 0), day(5, 0), None, None)
    assert due(day(3), week, moved) == day(5, 0)
    again = (placed(LearnerWithdrawn(), at=day(4)), placed(LearnerEnrolled("audit"), at=day(5)))
    assert due(day(3), week, *again) == day(10), "coming back is no extension"
    afresh = placed(LearnerEnrolled("audit", afresh=True), at=day(5))
    assert due(day(3), week, afresh) == day(12)


def test_an_extension_redecides_the_lateness_of_what_is_in() -> None:
    """In one decision with it, as new facts: stale penalties are a complaint elsewhere
    (Submitty#665) [Canvas-like systems leave stale penalties]."""
    record = given(*ENROLLED)
    record.when("submit-work", LATE, **WORK)
    record.when("submit-work", FRIDAY, **{**WORK, "attempt": "2"})
    body = {**TERMS, "due": TUESDAY.isoformat()}
    record = record.when("grant-extension", FRIDAY, **body).then(
        ExtensionGranted("1752", due=TUESDAY, reason=ILL),
        LatenessRedecided("1752", "1", TUESDAY, 0, "learner"),
        LatenessRedecided("1752", "2", TUESDAY, 3 * 86_400, "learner"),
    )
    record.when("grant-extension", FRIDAY, **body).nothing()
    record.when("redecide-lateness", **LEARNER).nothing()
    record.when("withdraw-extension", FRIDAY, **TERMS).then(
        ExtensionWithdrawn("1752", ILL),
        LatenessRedecided("1752", "1", DUE, 90_000, "item"),
        LatenessRedecided("1752", "2", DUE, 5 * 86_400, "item"),
    )
    record.when("withdraw-extension", FRIDAY, **TERMS).nothing()


def test_a_date_that_moves_is_told_of_work_that_is_in_time_by_both() -> None:
    """It is what the work was judged by, and whoever looks at it later must find that."""
    record = given(*ENROLLED)
    record.when("submit-work", DUE - timedelta(days=1), **WORK)
    body = {**TERMS, "due": TUESDAY.isoformat()}
    record.when("grant-extension", DUE - timedelta(days=1), **body).then(
        ExtensionGranted("1752", due=TUESDAY, reason=ILL),
        LatenessRedecided("1752", "1", TUESDAY, 0, "learner"),
    )


def test_terms_that_are_left_out_stay_as_they_were() -> None:
    """The fact says them all, as they now stand."""
    record = given(*ENROLLED)
    record.when("grant-extension", **TERMS, due=TUESDAY.isoformat(), attempts=1)
    record.when("grant-extension", **TERMS, time_factor="1.50").then(
        ExtensionGranted("1752", TUESDAY, False, 1, "1.5", ILL)
    )
    record.when("grant-extension", **TERMS, no_due=True).then(
        ExtensionGranted("1752", None, True, 1, "1.5", ILL)
    )
    record.when("grant-extension", **TERMS, due=FRIDAY.isoformat(), attempts=0).then(
        ExtensionGranted("1752", FRIDAY, False, 0, "1.5", ILL)
    )


def test_joining_and_leaving_a_cohort_redecides_lateness() -> None:
    """How a learner comes into a cohort is a fact, and what follows comes with it."""
    record = given(*ENROLLED, cohort_due("c1", TUESDAY))
    record.when("submit-work", LATE, **WORK)
    body = {**LEARNER, "cohort": "c1"}
    record = record.when("join-cohort", **body).then(
        CohortJoined("c1"), LatenessRedecided("1752", "1", TUESDAY, 0, "cohort")
    )
    record.when("join-cohort", **body).nothing()
    record.when("leave-cohort", **body).then(
        CohortLeft("c1"), LatenessRedecided("1752", "1", DUE, 90_000, "item")
    )
    record.when("leave-cohort", **body).nothing()


def test_what_is_in_is_judged_anew_when_the_run_moves_its_date() -> None:
    """By an override, its removal, another content version, and the run's end."""
    body = {"run": RUN_ID, "item": "1752", "reason": "Snow"}
    record = given(*ENROLLED)
    record.when("submit-work", LATE, **WORK)
    record.when("override-due-date", **body, due=TUESDAY.isoformat()).then(
        cohort_due(None, TUESDAY)
    )
    record.when("override-due-date", **body, due=TUESDAY.isoformat()).nothing()
    record.when("redecide-lateness", **LEARNER).then(
        LatenessRedecided("1752", "1", TUESDAY, 0, "run")
    )
    record.when("remove-due-override", **body).then(DueOverrideRemoved(RUN_ID, "1752", "Snow"))
    record.when("remove-due-override", **body).nothing()
    record.when("redecide-lateness", **LEARNER).then(
        LatenessRedecided("1752", "1", DUE, 90_000, "item")
    )
    item = {"item": "1752", "kind": "assignment", "title": "TMA 1", "due": TUESDAY.isoformat()}
    (published,) = record.when("publish-content", run=RUN_ID, items=[item]).facts
    assert published.redated == ("1752",)  # type: ignore[attr-defined]
    record.when("redecide-lateness", **LEARNER).then(
        LatenessRedecided("1752", "1", TUESDAY, 0, "item")
    )
    (published,) = record.when("publish-content", run=RUN_ID, items=[{**item, "title": "T"}]).facts
    assert published.redated == ()  # type: ignore[attr-defined]


def test_an_item_that_was_taken_out_keeps_its_lateness() -> None:
    """There is no date any more by which it could be judged."""
    record = given(*ENROLLED)
    record.when("submit-work", LATE, **WORK)
    record.take(content(Item("other", "quiz", "Q"), number=2))
    record.when("redecide-lateness", **LEARNER).nothing()


@pytest.mark.parametrize(
    ("command", "body", "rule"),
    [
        ("grant-extension", {"run": "AAA-1999J"}, RunUnknown),
        ("grant-extension", {"subject": "nobody"}, NotEnrolled),
        ("grant-extension", {"item": "9"}, ItemUnknown),
        ("grant-extension", {"item": "546614"}, ItemNotSubmittable),
        ("withdraw-extension", {"subject": "nobody"}, NotEnrolled),
    ],
)
def test_terms_are_for_a_learner_and_an_item_that_takes_work(
    command: str, body: dict[str, Any], rule: Any
) -> None:
    """Each refusal names its rule."""
    more = {} if command == "withdraw-extension" else {"no_due": True}
    given(*ENROLLED).when(command, **{**TERMS, **more, **body}).refused(rule)


def test_nothing_is_due_before_it_opens() -> None:
    """Neither for a learner nor for a cohort; the moment itself is in time."""
    opens = day(5)
    record = given(*ENROLLED, content(Item("1752", "quiz", "Q", opens=opens), number=2))
    early = (opens - timedelta(microseconds=1)).isoformat()
    record.when("grant-extension", **TERMS, due=early).refused(ReleaseAfterDue, item="1752")
    body = {"run": RUN_ID, "item": "1752", "reason": "Snow"}
    record.when("override-due-date", **body, due=early).refused(ReleaseAfterDue, item="1752")
    assert record.when("grant-extension", **TERMS, due=opens.isoformat()).facts


def test_an_archived_run_moves_no_dates_but_a_learner_can_be_put_right() -> None:
    """What was handed in can still be graded, so it can still be judged anew."""
    record = given(*ENROLLED, RunArchived(RUN_ID))
    body = {"run": RUN_ID, "item": "1752", "reason": "Snow"}
    record.when("override-due-date", **body, due=None).refused(RunIsArchived)
    assert record.when("grant-extension", **TERMS, no_due=True).facts


@pytest.mark.parametrize(
    ("command", "body", "field"),
    [
        ("grant-extension", {**TERMS}, "name at least one"),
        ("grant-extension", {**TERMS, "due": "2013-10-27T00:00:00Z", "no_due": True}, "no_due"),
        ("grant-extension", {**TERMS, "attempts": -1}, "attempts"),
        ("grant-extension", {**TERMS, "time_factor": "0.5"}, "time_factor"),
        ("grant-extension", {**LEARNER, "item": "1752", "no_due": True}, "reason"),
        ("grant-extension", {**TERMS, "no_due": True, "reason": ""}, "reason"),
        ("override-due-date", {"run": RUN_ID, "item": "1752", "reason": "x"}, "due"),
        ("join-cohort", {**LEARNER, "cohort": "no such id"}, "cohort"),
    ],
)
def test_what_makes_no_sense_is_told_by_field(
    command: str, body: dict[str, Any], field: str
) -> None:
    """Before anything is decided."""
    with pytest.raises(ValidationError, match=field):
        DECISIONS[command].model.model_validate(body)


def test_an_item_has_one_kind_of_date() -> None:
    """Its own, or one relative to the enrolment."""
    item = {"item": "q", "kind": "quiz", "title": "Q", "due": "2013-10-27T00:00:00Z"}
    body = {"run": RUN_ID, "items": [{**item, "due_after_s": 5}]}
    with pytest.raises(ValidationError, match="due_after_s"):
        DECISIONS["publish-content"].model.model_validate(body)


NEVER = "never"
DATES = st.sampled_from((None, NEVER, 1, 2, 3))


def plain_due(
    own: object, extension: object, cohorts: dict[str, object], joined: set[str], run: object
) -> object:
    """The rule in other words: a model to compare with. Dates are numbers; NEVER: due at no time;
    None: nothing is said."""
    said = [cohorts[one] for one in joined if cohorts.get(one) is not None]
    said += [] if extension is None else [extension]
    if NEVER in said:
        return NEVER
    if said:
        return sorted(said, key=str)[-1]
    return run if run is not None else own


@over(
    own=DATES,
    extension=DATES,
    cohorts=st.dictionaries(st.sampled_from(("a", "b", "c")), DATES),
    joined=st.sets(st.sampled_from(("a", "b", "c"))),
    run=DATES,
)
def test_dates_agree_with_a_plain_model(
    own: object, extension: object, cohorts: dict[str, object], joined: set[str], run: object
) -> None:
    """Whatever is said by whom [Canvas]."""

    def at(date: object) -> datetime | None:
        return day(date) if isinstance(date, int) else None

    overrides = {
        ("i", cohort): at(date)
        for cohort, date in [*cohorts.items(), (None, run)]
        if date is not None
    }
    terms = (
        {} if extension is None else {"i": ExtensionGranted("i", at(extension), extension == NEVER)}
    )
    due: EffectiveDue = effective_due(
        Item("i", "quiz", "I", due=at(own)),
        Content(due_overrides=overrides),
        Run(),
        Enrolment(cohorts=frozenset(joined), extensions=terms),
    )
    assert due.at == at(plain_due(own, extension, cohorts, joined, run))


@over(st.permutations(range(4)))
def test_the_order_of_facts_of_different_streams_does_not_matter(order: list[int]) -> None:
    """The run's dates, the learner's terms and their cohorts may become known in any order."""
    facts: list[Fact] = [
        cohort_due("c1", FRIDAY),
        CohortJoined("c1"),
        ExtensionGranted("1752", due=TUESDAY),
        cohort_due(None, DUE),
    ]
    assert judged(*(facts[at] for at in order)) == (FRIDAY, "cohort", 0)
