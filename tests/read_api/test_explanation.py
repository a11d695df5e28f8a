"""Does every grade answer as a tree, in JSON and in words, and the same in every view?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from read_api.ports.log import Selection
from tests.databases import Databases
from tests.read_api.world import COURSE, World, world

RUN = "AAA-2015J"
DUE = "2015-10-20T12:00:00Z"
ANNA = {"run": RUN, "subject": "anna"}


def item(name: str, category: str, **more: str) -> dict[str, str]:
    """A quiz out of 100."""
    return {"item": name, "kind": "quiz", "title": name.title(), "category": category, **more}


@pytest.fixture(scope="module")
def graded(databases_18: Databases) -> Iterator[World]:
    """A run with groups, drops and a late policy; Anna has a late score, a best of two, an
    override, an excuse and something open."""
    with databases_18.fresh() as dsn, world(dsn) as one:
        furnish_grades(one)
        yield one


def furnish_grades(one: World) -> None:
    """Record all that."""
    one.command("create-course", **COURSE)
    one.command(
        "schedule-run",
        run=RUN,
        course="AAA",
        title="Autumn 2015",
        starts="2015-10-01T00:00:00Z",
        ends="2016-06-01T00:00:00Z",
        modes=["audit"],
        certificate_modes=[],
    )
    one.command(
        "publish-content",
        run=RUN,
        items=[
            *(item(name, "Homework", due=DUE) for name in ("ants", "bees", "cats", "dogs")),
            item("exam", "Exam"),
        ],
    )
    one.command(
        "publish-grading-policy",
        run=RUN,
        policy={
            "kind": "grouped",
            "groups": [
                {"name": "Homework", "weight": 40, "drop_lowest": 1},
                {"name": "Exam", "weight": 40},
                {"name": "Lab", "weight": 20},
            ],
            "cutoffs": [{"letter": "A", "percent": 80}, {"letter": "C", "percent": 40}],
        },
        late={"rate": 10},
    )
    one.command("enrol-learner", **ANNA, mode="audit", occurred_at="2015-10-02T08:00:00Z")
    for name, attempt, day, raw in (
        ("ants", "1", "20", 70),
        ("ants", "2", "22", 85),
        ("bees", "1", "21", 90),
        ("cats", "1", "19", 10),
    ):
        at = f"2015-10-{day}T12:00:00Z"
        work = {**ANNA, "item": name, "attempt": attempt, "occurred_at": at}
        one.command("submit-work", **work)
        one.command("grade-submission", **work, raw=raw, grader="tutor")
    one.command("override-score", **ANNA, item="cats", score=50, reason="Misread")
    one.command("excuse-item", **ANNA, item="dogs", reason="Ill")
    one.command("compute-grade", **ANNA)


def test_the_tree_goes_down_to_the_submissions(graded: World) -> None:
    """Attempts chosen, penalties, drops, weights, rounding, policy version, inputs' hash."""
    answer = graded.get(f"enrolments/{RUN}/anna/grade", explain="true")
    tree = answer["explanation"]
    assert (tree["policy"], tree["policy_number"], tree["rounding"]) == (
        "grouped",
        1,
        "two-places-down-v1",
    )
    assert tree["late"]["rate"] == "10"
    assert [one["item"] for one in tree["excused"]] == ["dogs"]
    homework, exam, lab = tree["categories"]
    assert [one["item"] for one in homework["items"]] == ["ants", "bees", "cats"]
    ants, bees, cats = homework["items"]
    assert (ants["counts"], ants["counts_attempt"], ants["raw"]) == ("attempt", "1", "70")
    assert [one["deducted"] for one in ants["attempts"]] == ["0", "20.00"]
    assert (bees["raw"], bees["attempts"][0]["late_seconds"]) == ("80.00", 86_400)
    assert bees["attempts"][0]["penalty_policy"] == 1
    assert (cats["counts"], cats["raw"], cats["dropped"]) == ("override", "50", True)
    assert homework["share"] == "3/4"
    assert [one["counts_for"] for one in (homework, exam, lab)] == ["1/2", "1/2", "0"]
    assert tree["exact"] == answer["current"]["exact"] == "3/8"
    assert (tree["percent"], tree["letter"]) == (37, None)
    assert (tree["current"]["percent"], tree["current"]["letter"]) == (75, "C")
    assert tree["inputs_hash"] == answer["current"]["inputs_hash"]


def test_every_view_gives_the_same_grade(graded: World) -> None:
    """What was decided, what is worked out now, then, and item by item (credentials#718)."""
    answer = graded.get(f"enrolments/{RUN}/anna/grade")
    facts = graded.get("learners/anna/history", type="CourseGradeComputed")["facts"]
    (computed,) = (fact["data"] for fact in facts)
    assert computed["inputs_hash"] == answer["current"]["inputs_hash"]
    assert (computed["percent"], computed["current_percent"]) == (37, 75)
    then = graded.get(f"enrolments/{RUN}/anna/grade", as_of_position=graded.position)
    assert then["current"] == answer["current"]
    items = graded.get(f"enrolments/{RUN}/anna/progress")["items"]
    told = {one["item"]: (one["raw"], one["counts"], one["deducted"]) for one in items}
    assert told["ants"] == ("70", "attempt", None)
    assert told["bees"] == ("80.00", "attempt", "10.00")
    assert told["cats"] == ("50", "override", None)
    assert next(one for one in items if one["item"] == "dogs")["excused_at"] is not None
    scores = {one["item"]: one for one in graded.get(f"analytics/runs/{RUN}/items")["items"]}
    assert (scores["bees"]["mean_percent"], scores["cats"]["mean_percent"]) == (80, 50)


def test_the_page_tells_it_in_words(graded: World) -> None:
    """Why each item counts as it does, and how the parts make the grade."""
    address = f"/console/learners/anna/grade?run={RUN}"
    link = address.replace("&", "&amp;")
    assert f'href="{link}"' in graded.ask("/console/learners/anna").text
    page = graded.ask(address).text
    for said in (
        "The grade is 37%",
        "40% is needed to pass",
        "the best of 2 attempts, after any penalty",
        "1 day late: 10 of 90 points lost",
        "set by a person, dropped, so it does not count",
        "nothing handed in: counts zero",
        "the lowest dropped",
        "Nothing counts here, so the other parts count for more",
        "rounded to two places, and then down",
        "75%, if only what is graded counted",
    ):
        assert said in page, said
    assert "excused" in graded.ask("/console/learners/anna").text
    assert "10% for each day late" in graded.ask(f"/console/runs/{RUN}").text


def test_a_page_without_a_grade_says_so(graded: World) -> None:
    """No run named, and a run that the learner is not in."""
    assert graded.ask("/console/learners/anna/grade").status_code == 422
    assert graded.ask("/console/learners/anna/grade?run=AAA-2013J").status_code == 404


def test_the_scheduler_scores_missing_work(graded: World) -> None:
    """When an item has fallen due and nothing is there [Canvas], for who is in the run, without
    being asked; an extension clears it, and it is scored again when that has passed."""
    run, bert = "AAA-2016J", {"run": "AAA-2016J", "subject": "bert"}
    graded.command(
        "schedule-run",
        run=run,
        course="AAA",
        title="Autumn 2016",
        starts="2016-10-01T00:00:00Z",
        ends="2017-06-01T00:00:00Z",
        modes=["audit"],
        certificate_modes=[],
    )
    graded.command("enrol-learner", **bert, mode="audit", occurred_at="2016-10-02T08:00:00Z")
    graded.command(
        "publish-grading-policy",
        run=run,
        policy={
            "categories": [{"name": "Homework", "weight": 1}],
            "cutoffs": [{"letter": "C", "percent": 40}],
        },
        late={"missing": "70"},
    )
    content = [item("fish", "Homework", due="2016-10-20T12:00:00Z"), item("goat", "Homework")]
    graded.command("publish-content", run=run, items=content)
    _wait_for(graded, "MissingWorkScored", run)
    told = {one["item"]: one for one in graded.get(f"enrolments/{run}/bert/progress")["items"]}
    assert (told["fish"]["raw"], told["fish"]["counts"]) == ("30", "missing")
    assert told["goat"]["raw"] is None
    assert graded.get(f"enrolments/{run}/bert/grade")["current"]["exact"] == "3/20"
    page = graded.ask(f"/console/learners/bert/grade?run={run}").text
    assert "missing when it fell due" in page
    extension = {**bert, "item": "fish", "reason": "Ill"}
    graded.command("grant-extension", **extension, due="2016-10-25T12:00:00Z")
    cleared = graded.command(
        "grant-extension", **extension, no_due=True, occurred_at="2016-10-20T13:00:00Z"
    )
    assert [fact["type"] for fact in cleared["facts"]][-1] == "MissingWorkCleared"
    assert graded.get(f"enrolments/{run}/bert/progress")["items"][0]["raw"] is None


def _wait_for(one: World, kind: str, run: str) -> None:
    wanted = Selection(types=(kind,), run=run)
    log = one.reads.log

    async def recorded() -> int:
        async with asyncio.timeout(30):
            while True:
                head = (await log.head()).position
                if (await log.window("main", 0, head, 1, wanted)).facts:
                    return head
                await log.wait(head, 30)

    one.position = max(one.position, one.run(recorded()))
