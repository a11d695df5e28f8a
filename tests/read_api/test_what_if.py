"""Is it told whose grade another policy would change, without writing anything?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from domain.access import DEVELOPMENT, Role
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


def begun(one: World, body: dict[str, Any], run: str = RUN, status: int = 202) -> httpx.Response:
    """Ask what would be under another policy."""
    answer = one.run(
        one._client.post(f"/v1/runs/{run}/what-if?min_position={one.position}", json=body)
    )
    assert answer.status_code == status, answer.text
    return answer


def done(one: World, job: str) -> dict[str, Any]:
    """Wait until a job is done."""

    async def wait() -> dict[str, Any]:
        async with asyncio.timeout(30):
            while True:
                told: dict[str, Any] = (await one._client.get(job)).json()
                if told["state"] in ("done", "failed"):
                    return told
                await asyncio.sleep(0.05)

    return one.run(wait())


def asked(one: World, body: dict[str, Any], run: str = RUN) -> list[Any]:
    """Ask, wait, and return every line of the result."""
    told = done(one, begun(one, body, run).headers["location"])
    assert told["error"] is None
    return [json.loads(line) for line in one.ask(told["result"]).text.splitlines()]


def test_whose_grade_would_change_is_listed_and_nothing_written(graded: World) -> None:
    """As a job to come back to: how far it is, and the sums at the end of what came of it."""
    before = graded.run(graded.reads.log.head()).position
    answer = begun(graded, HOMEWORK)
    assert (answer.json()["state"], answer.json()["kind"]) == ("waiting", "what-if")
    told = done(graded, answer.headers["location"])
    assert (told["state"], told["done"], told["of"]) == ("done", 2, 2)
    kept = graded.ask(told["result"])
    assert kept.headers["content-type"] == "application/x-ndjson"
    change, result = [json.loads(line) for line in kept.text.splitlines()]
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
    problem = begun(graded, body, status=422).json()
    assert field in problem["detail"]
    begun(graded, HOMEWORK, run="XXX", status=404)


def test_a_job_is_forgotten_when_it_is_deleted(graded: World) -> None:
    """And what is not done has no result; whom it does not belong to sees none."""
    job = begun(graded, HOMEWORK).headers["location"]
    assert graded.run(graded._client.delete(job)).status_code == 204
    graded.refused(job, 404)
    waiting = graded.run(
        graded.reads.jobs.ask("not done by anybody", RUN, DEVELOPMENT, b"", "text/plain")
    )
    assert waiting is not None
    refused = graded.refused(f"/v1/jobs/{waiting.job}/result", 409)
    assert (refused["type"], refused["state"]) == ("/problems/job-not-done", "waiting")
    strangers = [
        replace(DEVELOPMENT, actor="stranger", roles=frozenset({role}))
        for role in (Role.REGISTRAR, Role.ADMINISTRATOR)
    ] + [replace(DEVELOPMENT, tenant="other")]
    for stranger in map(graded.asked_by, strangers):
        stranger.refused(f"/v1/jobs/{waiting.job}", 404)
        stranger.refused(f"/v1/jobs/{waiting.job}/result", 404)
        dropped = stranger.run(stranger._client.delete(f"/v1/jobs/{waiting.job}"))
        assert dropped.status_code == 404
    graded.refused(f"/v1/jobs/{waiting.job}/result", 409)


def test_the_console_has_a_form_for_it_and_shows_what_came_of_it(graded: World) -> None:
    """The policy in force to begin with; what is wrong with another is said; the page of the job
    is looked at until it is done."""
    here = f"/console/runs/{RUN}/what-if"
    form = graded.ask(here)
    assert form.status_code == 200
    assert "&#34;policy&#34;" in form.text
    wrong = graded.run(graded._client.post(here, data={"policy": "{}"}))
    assert wrong.status_code == 422
    assert "This policy cannot be tried" in wrong.text
    sent = graded.run(graded._client.post(here, data={"policy": json.dumps(HOMEWORK)}))
    assert sent.status_code == 303
    page = sent.headers["location"]
    assert done(graded, f"/v1/jobs/{page.rpartition('/')[2]}")["state"] == "done"
    told = graded.ask(page)
    assert "37%" in told.text
    assert "87%, A" in told.text
    assert "http-equiv" not in told.text
    assert graded.ask(f"{page}.json").json()["result"]["grades"] == 1
    assert page in graded.ask(here).text


def worked_out(one: World) -> str:
    """Furnish a registrar, have the console work a policy out, and return its page."""
    furnish_grades(one)
    one.get(f"runs/{RUN}/gradebook")
    here = f"/console/runs/{RUN}/what-if"
    asked_for = one.run(one._client.post(here, data={"policy": json.dumps(HOMEWORK)}))
    page = asked_for.headers["location"]
    done(one, f"/v1/jobs/{page.rpartition('/')[2]}")
    return str(page)


def test_it_is_applied_in_the_console_and_followed_there(databases_18: Databases) -> None:
    """The page of what came of it says how many rise and fall, takes a reason and a second factor,
    and goes on to how far the batch is; sent again it begins nothing more."""
    with databases_18.fresh() as dsn, world(dsn) as one:
        page = worked_out(one)
        told = one.ask(page).text
        assert "Of 1, 1 would rise, 0 fall and 0 stay; 1 learners would pass" in told
        policy_number = one.get(f"runs/{RUN}")["policy_number"]

        def applied(by: World, **fields: str) -> httpx.Response:
            return by.run(by._client.post(page, data=fields))

        assert "Say why" in applied(one).text
        weak = one.asked_by(replace(DEVELOPMENT, strong=False))
        assert applied(weak, reason="Homework only").status_code == 401
        assert "Sign in with one" in weak.ask(page).text
        grader = replace(DEVELOPMENT, roles=frozenset(), runs={Role.GRADER: frozenset({RUN})})
        assert "Apply as a regrade" not in one.asked_by(grader).ask(page).text
        assert applied(one.asked_by(replace(DEVELOPMENT, actor="other"))).status_code == 404
        assert one.get(f"runs/{RUN}")["policy_number"] == policy_number
        moved = applied(one, reason="Homework only", only_if_higher="true")
        assert moved.status_code == 303, moved.text
        batch = moved.headers["location"]
        assert applied(one, reason="Homework only").headers["location"] == batch
        completed(one, RUN, batch.rpartition("/")[2])
        found = one.ask(batch.replace("/console/", "/v1/")).json()
        assert (found["learners"], found["changed"], found["only_if_higher"]) == (1, 1, True)
        last = one.ask(batch).text
        assert "Completed" in last
        assert "of 1 learners were computed again. Recorded anew: 1;" in last
        assert "http-equiv" not in last
        assert one.get(f"runs/{RUN}")["policy_number"] == policy_number + 1
        assert one.get(f"enrolments/{RUN}/anna/grade")["official"]["percent"] == 87
        one.refused(f"/v1/runs/{RUN}/regrades/none", 404)


def test_what_was_worked_out_under_other_terms_is_not_applied(databases_18: Databases) -> None:
    """Somebody published another policy meanwhile: what the page says is no more so."""
    with databases_18.fresh() as dsn, world(dsn) as one:
        page = worked_out(one)
        one.command("publish-grading-policy", run=RUN, **HOMEWORK, late={"rate": 5})
        stale = one.run(one._client.post(page, data={"reason": "Homework only"}))
        assert stale.status_code == 409
        assert "try it again" in stale.text


def completed(one: World, run: str, batch: str) -> None:
    """Wait until a batch of regrades, of one learner, is completed."""

    async def wait() -> None:
        async with asyncio.timeout(30):
            while True:
                head = (await one.reads.log.head()).position
                facts = await one.reads.log.streams("main", [f"main/regrade/{run}/{batch}"])
                if facts[-1].type == "RegradeCompleted":
                    assert facts[-1].fact.learners == 1  # type: ignore[attr-defined]
                    one.position = head
                    return
                await one.reads.log.wait(head, 30)

    one.run(wait())


def test_it_can_be_applied_as_a_batch_of_regrades(graded: World) -> None:
    """Published, and each grade that was computed before is computed again; then the batch ends."""
    graded.command("publish-grading-policy", run=RUN, **HOMEWORK)
    graded.command("start-regrade", run=RUN, batch="b1", reason="Homework only")
    completed(graded, RUN, "b1")
    grade = graded.get(f"enrolments/{RUN}/anna/grade")
    assert (grade["official"]["percent"], grade["official"]["letter"]) == (87, "A")
    facts = graded.get("learners/anna/history", type="CourseGradeComputed")["facts"]
    assert [fact["data"].get("regrade") for fact in facts][-1] == "b1"
    *_, result = asked(graded, HOMEWORK)
    assert result["grades"] == 0


def essays(weight: str) -> dict[str, Any]:
    """A policy by which essays count so much."""
    return {
        "policy": {
            "categories": [{"name": "Essays", "weight": weight}],
            "cutoffs": [{"letter": "P", "percent": 60}],
        }
    }


def test_what_is_on_record_is_what_would_change(graded: World) -> None:
    """Given a grade that a batch kept from falling, and a learner without one, when it is asked
    what the policy in force would give, then the first loses the grade, the pass and no
    certificate that was issued; so says the page that applies it, until another batch has begun."""
    run = "AAA-2016J"
    dates = {"starts": "2016-10-01T00:00:00Z", "ends": "2099-06-01T00:00:00Z"}
    modes = {"modes": ["verified"], "certificate_modes": ["verified"]}
    graded.command("schedule-run", run=run, course="AAA", title="Essays", **dates, **modes)
    essay = {"item": "essay", "kind": "assignment", "title": "Essay", "category": "Essays"}
    graded.command("publish-content", run=run, items=[essay])
    graded.command("publish-grading-policy", run=run, **essays("1"))
    for subject in ("carl", "dora"):
        work = {"run": run, "subject": subject, "item": "essay", "attempt": "1"}
        graded.command("enrol-learner", run=run, subject=subject, mode="verified")
        graded.command("submit-work", **work)
        graded.command("grade-submission", **work, raw=77, grader="tutor")
    graded.command("compute-grade", run=run, subject="carl")
    graded.certified(run, "carl")
    graded.command("publish-grading-policy", run=run, **essays("0.61"))
    graded.command("start-regrade", run=run, batch="b1", reason="Kind", only_if_higher=True)
    completed(graded, run, "b1")
    change, result = asked(graded, essays("0.61"), run)
    official = graded.get(f"enrolments/{run}/carl/grade")["official"]
    assert (official["percent"], official["letter"]) == (77, "P")
    before = {"percent": 77, "letter": "P", "passed": True, "certificate": True}
    after = {"percent": 47, "letter": None, "passed": False, "certificate": True}
    told = {"subject": "carl", "before": before, "after": after, "recorded": True, "higher": False}
    assert change == {"kind": "change", **told}
    sums = ("learners", "grades", "passes", "certificates", "recorded")
    assert [result[name] for name in sums] == [2, 1, 1, 0, 1]
    moves = {"rise": 0, "fall": 0, "stay": 1, "passed": 0, "passed_no_more": 0}
    assert result["regrade"] == moves | {"fall": 1, "stay": 0, "passed_no_more": 1}
    assert result["only_if_higher"] == moves
    here = f"/console/runs/{run}/what-if"
    sent = graded.run(graded._client.post(here, data={"policy": json.dumps(essays("0.61"))}))
    page = sent.headers["location"]
    done(graded, f"/v1/jobs/{page.rpartition('/')[2]}")
    shown = graded.ask(page).text
    assert "77%, P" in shown
    assert "Of 1, 0 would rise, 1 fall and 0 stay" in shown
    assert "Only if higher: 0 would rise" in shown
    graded.command("start-regrade", run=run, batch="b2", reason="Again", only_if_higher=True)
    completed(graded, run, "b2")
    stale = graded.run(graded._client.post(page, data={"reason": "Essays"}))
    assert (stale.status_code, "try it again" in stale.text) == (409, True)
    _, dora, _ = asked(graded, essays("0.8"), run)
    assert (dora["subject"], dora["recorded"]) == ("dora", False)
    assert (dora["before"]["percent"], dora["after"]["percent"]) == (47, 62)
