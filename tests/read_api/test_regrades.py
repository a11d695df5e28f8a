"""Which batches of regrades has a run, of whom, why, and is each completed?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from domain.access import DEVELOPMENT, Role
from tests.databases import Databases
from tests.read_api.world import World, world

RUN, NEIGHBOUR, BARE = "AAA-2016B", "AAA-2016B.2", "AAA-2016J"
POLICY = {"categories": [{"name": "TMA", "weight": 1}], "cutoffs": [{"letter": "C", "percent": 40}]}
REGRADES = 3


async def completed(one: World) -> int:
    """Wait until every batch is completed, and return the head of the log then."""
    async with asyncio.timeout(30):
        while True:
            head = (await one.reads.log.head()).position
            facts = await one.reads.log.streams_under("main", "main/regrade/")
            if sum(fact.type == "RegradeCompleted" for fact in facts) == REGRADES:
                return head
            await one.reads.log.wait(head, 30)


@pytest.fixture(scope="module")
def regraded(databases_18: Databases) -> Iterator[World]:
    """Two batches in a run, before it had a policy and after; one in a run whose name begins so."""
    with databases_18.fresh() as dsn, world(dsn) as one:
        one.command("create-course", course="AAA", title="Module AAA")
        dates = {"starts": "2016-10-01T00:00:00Z", "ends": "2017-06-01T00:00:00Z"}
        for run in (RUN, NEIGHBOUR, BARE):
            one.command("schedule-run", run=run, course="AAA", title=run, **dates)
        one.command("start-regrade", run=RUN, batch="first", reason="Question 3")
        one.command("start-regrade", run=NEIGHBOUR, batch="theirs", reason="Question 4")
        one.command("publish-grading-policy", run=RUN, policy=POLICY)
        dean = one.asked_by(replace(DEVELOPMENT, actor="dean"))
        terms = {"reason": "Another policy", "only_if_higher": True}
        dean.command("start-regrade", run=RUN, batch="second", **terms)
        one.position = one.run(completed(one))
        yield one


def test_the_batches_of_a_run_are_told_the_latest_first(regraded: World) -> None:
    """Who began each, when and why, under which policy, and that it is completed."""
    found = regraded.get(f"runs/{RUN}/regrades")
    second, first = found["regrades"]
    told = ("batch", "reason", "only_if_higher", "policy_number", "started_by", "learners")
    assert [second[name] for name in told] == ["second", "Another policy", True, 1, "dean", 0]
    assert [first[name] for name in told] == ["first", "Question 3", False, 0, "developer", 0]
    assert first["started_at"] < second["started_at"] < second["completed_at"]
    assert (found["run"], found["next"]) == (RUN, None)
    one = regraded.get(f"runs/{RUN}/regrades/second")
    assert second.items() <= one.items()
    assert regraded.get(f"runs/{BARE}/regrades")["regrades"] == []


def test_of_one_batch_as_of_all_a_position_is_waited_for(regraded: World) -> None:
    """And where it is not reached in time, that is said."""
    hasty = regraded.but(wait_seconds=0.05)
    for path in (f"/v1/runs/{RUN}/regrades", f"/v1/runs/{RUN}/regrades/second"):
        problem = hasty.refused(path, 503, min_position=regraded.position + 1_000_000)
        assert problem["type"] == "/problems/not-yet"


def test_they_are_told_in_parts(regraded: World) -> None:
    """And a cursor of something else is refused."""
    found = regraded.get(f"runs/{RUN}/regrades", limit=1)
    assert [one["batch"] for one in found["regrades"]] == ["second"]
    rest = regraded.get(f"runs/{RUN}/regrades", limit=1, next=found["next"])
    assert [one["batch"] for one in rest["regrades"]] == ["first"]
    assert rest["next"] is None
    regraded.refused(f"/v1/runs/{RUN}/regrades", 422, next="nonsense")


def test_they_are_for_who_may_read_the_gradebook(regraded: World) -> None:
    """Another tenant has no such run, and neither has anybody a run that was never scheduled."""
    regraded.refused("/v1/runs/none/regrades", 404)
    regraded.asked_by(replace(DEVELOPMENT, tenant="other")).refused(f"/v1/runs/{RUN}/regrades", 404)
    learner = replace(DEVELOPMENT, roles=frozenset({Role.LEARNER}))
    regraded.asked_by(learner).refused(f"/v1/runs/{RUN}/regrades", 403)


def test_the_console_lists_them_and_leads_to_each(regraded: World) -> None:
    """From the gradebook, and back."""
    here = f"/console/runs/{RUN}/regrades"
    assert f'href="{here}"' in regraded.ask(f"/console/runs/{RUN}/gradebook").text
    page = regraded.ask(here).text
    assert page.index(f'href="{here}/second"') < page.index(f'href="{here}/first"')
    assert "Another policy" in page
    assert "by dean" in page
    assert f'href="{here}"' in regraded.ask(f"{here}/second").text
    assert "Nothing was regraded" in regraded.ask(f"/console/runs/{BARE}/regrades").text
    assert regraded.ask(f"{here}.json").json()["regrades"][0]["batch"] == "second"
