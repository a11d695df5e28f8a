"""Is it told whose grade another policy would change, without writing anything?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.databases import Databases
from tests.read_api.test_explanation import RUN, furnish_grades
from tests.read_api.world import World, world

CUTOFFS = [{"letter": "A", "percent": 80}, {"letter": "C", "percent": 40}]
HOMEWORK = {
    "policy": {
        "kind": "grouped",
        "groups": [{"name": "Homework", "weight": 100, "drop_lowest": 1}],
        "cutoffs": CUTOFFS,
    },
}


@pytest.fixture(scope="module")
def graded(databases_18: Databases) -> Iterator[World]:
    """Anna, with scores of all kinds, and Bob with nothing yet."""
    with databases_18.fresh() as dsn, world(dsn) as one:
        furnish_grades(one)
        one.command("enrol-learner", run=RUN, subject="bob", mode="audit")
        one.get(f"runs/{RUN}/gradebook")
        yield one


def asked(one: World, body: dict[str, Any], run: str = RUN, status: int = 200) -> list[Any]:
    """Ask what would be under another policy; return every line."""
    answer = one.run(
        one._client.post(f"/v1/runs/{run}/what-if?min_position={one.position}", json=body)
    )
    assert answer.status_code == status, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_whose_grade_would_change_is_listed_and_nothing_written(graded: World) -> None:
    """With the progress before, and the sums after."""
    before = graded.run(graded.reads.log.head()).position
    progress, change, end, result = asked(graded, HOMEWORK)
    assert (progress["kind"], progress["done"], progress["of"]) == ("progress", 0, 2)
    assert (end["done"], end["of"]) == (2, 2)
    assert change["subject"] == "anna"
    assert change["before"] == {
        "percent": 37,
        "letter": None,
        "passed": False,
        "certificate": False,
    }
    # Without a late policy bees counts 90, and ants its second attempt's 85.
    assert change["after"] == {"percent": 87, "letter": "A", "passed": True, "certificate": False}
    assert (result["learners"], result["grades"], result["passes"]) == (2, 1, 1)
    assert graded.run(graded.reads.log.head()).position == before


def test_the_policy_in_force_changes_nobody(graded: World) -> None:
    """The same policy gives the same grades."""
    told = graded.get(f"runs/{RUN}")
    policy = {"policy": told["policy"], "late": {"rate": told["late"]["rate"]}}
    *_, result = asked(graded, policy)
    assert (result["grades"], result["passes"], result["certificates"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "policy"),
        ({**HOMEWORK, "late": {"rate": -1}}, "late.rate"),
        ({"policy": {**HOMEWORK["policy"], "cutoffs": CUTOFFS[::-1]}}, "policy.cutoffs"),
    ],
)
def test_a_contradictory_policy_is_refused(graded: World, body: dict[str, Any], field: str) -> None:
    """Naming the field, as when it is published."""
    (problem,) = asked(graded, body, status=422)
    assert field in problem["detail"]
    asked(graded, HOMEWORK, run="XXX", status=404)


def test_it_can_be_applied_as_a_batch_of_regrades(graded: World) -> None:
    """Published, and each grade that was computed before is computed again; then the batch ends."""
    graded.command("publish-grading-policy", run=RUN, **HOMEWORK)
    graded.command("start-regrade", run=RUN, batch="b1", reason="Homework only")

    async def completed() -> None:
        async with asyncio.timeout(30):
            while True:
                head = (await graded.reads.log.head()).position
                name = f"main/regrade/{RUN}/b1"
                facts = await graded.reads.log.streams([name])
                if facts[-1].type == "RegradeCompleted":
                    graded.position = head
                    assert facts[-1].fact.learners == 1  # type: ignore[attr-defined]
                    return
                await graded.reads.log.wait(head, 30)

    graded.run(completed())
    grade = graded.get(f"enrolments/{RUN}/anna/grade")
    assert (grade["official"]["percent"], grade["official"]["letter"]) == (87, "A")
    facts = graded.get("learners/anna/history", type="CourseGradeComputed")["facts"]
    assert [fact["data"].get("regrade") for fact in facts][-1] == "b1"
    *_, result = asked(graded, HOMEWORK)
    assert result["grades"] == 0
