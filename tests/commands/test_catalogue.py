"""Does the catalogue keep its rules?"""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from commands.register import DECISIONS
from domain.catalogue.facts import (
    Category,
    ContentVersionPublished,
    CourseCreated,
    Cutoff,
    GradingPolicyPublished,
    Item,
    Prerequisite,
    PrerequisiteSet,
    RunArchived,
    RunRescheduled,
    SeatsCounted,
    SeatsLimited,
    WeightedPolicy,
)
from domain.catalogue.rules import (
    CourseExists,
    CourseUnknown,
    PrerequisiteCircular,
    RunExists,
    RunIsArchived,
    RunUnknown,
    SeatsNotLimited,
)
from tests.given import COURSE_FACT, RUN_ID, RUNNING, TMA, content, day, given, run

DATES = {"starts": day(0, 0).isoformat(), "ends": day(269, 0).isoformat()}
SCHEDULE = {
    "run": RUN_ID,
    "course": "AAA",
    "title": f"Run {RUN_ID}",
    "modes": ["audit", "verified"],
    "certificate_modes": ["verified"],
    **DATES,
}


def test_a_course_is_created_once() -> None:
    """The same course again is no error; another under its id is refused."""
    record = given().when("create-course", course="AAA", title="Module AAA")
    again = record.then(CourseCreated("AAA", "Module AAA"))
    again = again.when("create-course", course="AAA", title="Module AAA").nothing()
    again.when("create-course", course="AAA", title="Other").refused(CourseExists, course="AAA")


def test_a_run_needs_its_course() -> None:
    """A run is a presentation of a course that is in the catalogue."""
    given().when("schedule-run", **SCHEDULE).refused(CourseUnknown, course="AAA")


def test_a_run_without_limit_writes_nothing_about_seats() -> None:
    """A run without limit on seats costs no contention. Source: rules.md, Enrolment."""
    given(COURSE_FACT).when("schedule-run", **SCHEDULE).then(run())


def test_a_run_with_seats_begins_counted() -> None:
    """Nobody is in a run that was only just announced, so its seats are open from the start."""
    given(COURSE_FACT).when("schedule-run", **SCHEDULE, capacity=2).then(
        run(capacity=2), SeatsLimited(RUN_ID, 2, 1), SeatsCounted(RUN_ID, (), 0, 1)
    )


def test_a_run_is_scheduled_once() -> None:
    """Exactly as it was: nothing, even after its dates were changed. Otherwise: refused."""
    record = given(*RUNNING, RunRescheduled(RUN_ID, day(1), day(2), None, None))
    record.when("schedule-run", **SCHEDULE).nothing()
    record.when("schedule-run", **SCHEDULE, capacity=3).refused(RunExists, run=RUN_ID)


def test_dates_are_changed_as_a_whole() -> None:
    """Rescheduling states all dates; those that stand already change nothing."""
    dates = {"run": RUN_ID, **DATES, "closes": day(10).isoformat()}
    record = given(*RUNNING).when("reschedule-run", **dates)
    changed = record.then(RunRescheduled(RUN_ID, day(0, 0), day(269, 0), None, day(10)))
    changed.when("reschedule-run", **dates).nothing()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("reschedule-run", {**DATES, "opens": day(1).isoformat()}),
        ("publish-content", {"items": []}),
        (
            "publish-grading-policy",
            {
                "policy": {
                    "categories": [{"name": "x", "weight": 1}],
                    "cutoffs": [{"letter": "Pass", "percent": 50}],
                }
            },
        ),
        ("limit-seats", {"capacity": 4}),
    ],
)
def test_an_archived_run_is_left_as_it_is(name: str, body: dict[str, object]) -> None:
    """An archived run takes no changes, and a run that was never scheduled has none to take."""
    archived = given(*RUNNING).when("archive-run", run=RUN_ID).then(RunArchived(RUN_ID))
    archived.when(name, run=RUN_ID, **body).refused(RunIsArchived, run=RUN_ID)
    given().when(name, run=RUN_ID, **body).refused(RunUnknown, run=RUN_ID)


def test_content_is_numbered() -> None:
    """Each publication is the whole content under the next number; the same again is nothing."""
    items = [{"item": "a", "kind": "quiz", "title": "A", "possible": "10.50", "weight": 2.5}]
    facts = given(*RUNNING).when("publish-content", run=RUN_ID, items=items)
    published = Item("a", "quiz", "A", possible="10.50", weight="2.5")
    removed = ("1752", "546614", "v1")
    record = facts.then(ContentVersionPublished(RUN_ID, 2, (published,), removed=removed))
    record.when("publish-content", run=RUN_ID, items=items, changes="none").nothing()


def test_content_says_which_items_of_the_version_before_it_leaves_out() -> None:
    """Whoever reads the fact knows what went without having read the version before; the first
    version leaves nothing out, and what went once is not said to go again."""
    first = [
        {"item": "a", "kind": "quiz", "title": "A"},
        {"item": "b", "kind": "page", "title": "B"},
    ]
    a, b = Item("a", "quiz", "A"), Item("b", "page", "B")
    record = given(COURSE_FACT, run())
    record = record.when("publish-content", run=RUN_ID, items=first).then(content(a, b))
    record = record.when("publish-content", run=RUN_ID, items=first[:1]).then(
        content(a, number=2, removed=("b",))
    )
    record.when("publish-content", run=RUN_ID, items=[]).then(content(number=3, removed=("a",)))


def test_a_policy_is_numbered() -> None:
    """Weights are kept as exact texts; the same again is nothing."""
    policy = {
        "categories": [{"name": "TMA", "weight": "0.30", "minimum": 2, "drop": 1}],
        "cutoffs": [{"letter": "A", "percent": 75}, {"letter": "Pass", "percent": 40}],
    }
    answer = given(*RUNNING).when("publish-grading-policy", run=RUN_ID, policy=policy)
    stored = WeightedPolicy((Category("TMA", "0.30", 2, 1),), (Cutoff("A", 75), Cutoff("Pass", 40)))
    record = answer.then(GradingPolicyPublished(RUN_ID, 1, stored))
    record.when("publish-grading-policy", run=RUN_ID, policy=policy).nothing()


def test_a_prerequisite_is_another_course_in_the_catalogue() -> None:
    """A course requires another that exists, and never itself; the same again is nothing."""
    record = given(COURSE_FACT, CourseCreated("BBB", "B"))
    circular = {"course": "AAA", "prerequisite": {"course": "AAA"}}
    record.when("set-prerequisite", **circular).refused(PrerequisiteCircular)
    unknown = {"course": "AAA", "prerequisite": {"course": "CCC"}}
    record.when("set-prerequisite", **unknown).refused(CourseUnknown, course="CCC")
    wanted = {"course": "AAA", "prerequisite": {"course": "BBB", "minimum_percent": 40}}
    record.when("set-prerequisite", **wanted).then(
        PrerequisiteSet("AAA", Prerequisite("BBB", 40))
    ).when("set-prerequisite", **wanted).nothing()
    record.when("set-prerequisite", course="AAA", prerequisite=None).then(
        PrerequisiteSet("AAA", None)
    )


def test_a_count_answers_the_limit_that_stands() -> None:
    """A count for an earlier limit decides nothing; one for none at all is refused."""
    record = given(*RUNNING, SeatsLimited(RUN_ID, 5, 1), SeatsLimited(RUN_ID, 6, 2))
    count = {"run": RUN_ID, "at_position": 9, "taken": ["s2", "s1", "s2"]}
    record.when("count-seats", number=1, **count).nothing()
    record.when("count-seats", number=3, **count).refused(SeatsNotLimited)
    record.when("count-seats", number=2, **count).then(SeatsCounted(RUN_ID, ("s1", "s2"), 9, 2))
    open_run = given(*RUNNING, SeatsLimited(RUN_ID, None, 1))
    open_run.when("count-seats", number=1, **count).refused(SeatsNotLimited)


ITEM = {"item": "a", "kind": "quiz", "title": "A"}


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("schedule-run", {"ends": "2013-09-01T00:00:00Z"}, "starts: must come before ends"),
        ("schedule-run", {"ends": "2013-12-01T00:00:00"}, "timezone"),
        ("schedule-run", {"ends": "2413-12-01T00:00:00Z"}, "less than"),
        ("schedule-run", {"ends": 1_400_000_000}, "a time is a text"),
        (
            "schedule-run",
            {"opens": "2013-09-01T00:00:00Z", "closes": "2013-09-01T00:00:00Z"},
            "opens: must come before closes",
        ),
        ("schedule-run", {"capacity": -1}, "greater than or equal to 0"),
        ("schedule-run", {"capacity": 1_000_001}, "less than or equal to 1000000"),
        ("schedule-run", {"capacity": True}, "valid integer"),
        ("schedule-run", {"certificate_modes": ["honor"]}, "that modes does not"),
        ("schedule-run", {"modes": []}, "at least 1 item"),
        ("schedule-run", {"run": "a/b"}, "match pattern"),
        ("schedule-run", {"title": "x" * 201}, "at most 200"),
        ("schedule-run", {"title": "  "}, "at least 1 character"),
        ("schedule-run", {"title": "a\0b"}, "match pattern"),
        ("schedule-run", {"tutor": "x"}, "Extra inputs"),
        ("publish-content", {"items": [ITEM, ITEM]}, "items: names a twice"),
        ("publish-content", {"items": [{**ITEM, "kind": "poem"}]}, "Input should be"),
        ("publish-content", {"items": [{**ITEM, "possible": "NaN"}]}, "finite"),
        ("publish-content", {"items": [{**ITEM, "possible": -1}]}, "greater than"),
        ("publish-content", {"items": [{**ITEM, "possible": "1234567890123"}]}, "12 digits"),
        ("publish-content", {"items": [{**ITEM, "possible": True}]}, "must be a number"),
        ("publish-content", {"items": [{**ITEM, "duration_ms": 5}]}, "is for a video"),
        ("publish-content", {"items": [{**ITEM, "item": str(n)} for n in range(2001)]}, "2000"),
    ],
)
def test_what_is_out_of_range_is_malformed(
    name: str, body: dict[str, object], message: str
) -> None:
    """Every field has bounds, and the message says which one was crossed."""
    whole = {**SCHEDULE, **body} if name == "schedule-run" else {"run": RUN_ID, **body}
    with pytest.raises(ValidationError, match=message):
        DECISIONS[name].model.model_validate(whole)


def test_the_due_moment_is_kept_to_the_microsecond() -> None:
    """A due date at the last microsecond of a day stays there."""
    assert TMA.due is not None
    body = {"run": RUN_ID, "items": [{**ITEM, "due": TMA.due.isoformat()}]}
    answer = given(*RUNNING).when("publish-content", **body)
    (published,) = answer.facts
    assert isinstance(published, ContentVersionPublished)
    assert published.items[0].due == TMA.due
