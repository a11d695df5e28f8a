"""Does an auditor learn who did what on what grounds, and what a value follows from?"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from read_api.answers import Moment
from read_api.asof import facts_of, run_of
from read_api.queries.derivation import VALUES, enough
from tests.read_api.world import World

ONE = "enrolments/AAA-2013J/s1"


def positions(facts: list[dict[str, Any]]) -> list[int]:
    return [fact["position"] for fact in facts]


def test_every_fact_says_who_under_which_command_and_on_what_grounds(furnished: World) -> None:
    """Facts of one command share its id; a policy's fact names what it reacts to; what a decision
    relied on stands apart."""
    facts = furnished.get("learners/s1/history")["facts"]
    assert all(fact["actor"] and fact["command_id"] and fact["correlation_id"] for fact in facts)
    by_type = {fact["type"]: fact for fact in facts}
    ids = {fact["id"] for fact in facts}
    assert by_type["CertificateIssued"]["causation_id"] in ids
    assert by_type["CertificateIssued"]["grounds"]["basis"] == "computed"
    assert "due" in by_type["SubmissionReceived"]["grounds"]
    assert by_type["SubmissionGraded"]["grounds"] == {"grader": "tutor"}
    computed = by_type["CourseGradeComputed"]["grounds"]
    assert computed.keys() == {"exact", "inputs_hash", "policy_number"}


def test_a_difference_names_each_value_and_the_facts_behind_it(furnished: World) -> None:
    """Between two positions: what was added, what it changed, and nothing else."""
    facts = furnished.get("learners/s1/history")["facts"]
    grading = next(fact for fact in facts if fact["type"] == "SubmissionGraded")
    found = furnished.get(
        "learners/s1/history/diff",
        **{"from": grading["position"] - 1, "to": grading["position"]},
    )
    assert positions(found["added"]) == [grading["position"]]
    assert found["gone"] == []
    changes = {(change["item"], change["name"]): change for change in found["changes"]}
    raw = changes["1752", "raw"]
    assert (raw["before"], raw["after"], raw["because"]) == (None, "78", [grading["position"]])
    assert changes[None, "graded"]["after"] == 1
    assert changes[None, "current_percent"]["after"] == 39
    assert (None, "submissions") not in changes


def test_a_difference_to_itself_is_nothing_and_backwards_it_is_the_reverse(
    furnished: World,
) -> None:
    """The same two moments, asked the other way round."""
    facts = furnished.get("learners/s1/history")["facts"]
    early, late = facts[2]["position"], facts[-1]["position"]
    path = "learners/s1/history/diff"
    assert furnished.get(path, **{"from": late, "to": late})["changes"] == []
    there = furnished.get(path, **{"from": early, "to": late})
    back = furnished.get(path, **{"from": late, "to": early})
    assert positions(there["added"]) == positions(back["gone"])
    turned = {(c["item"], c["name"]): (c["after"], c["before"]) for c in back["changes"]}
    assert turned == {(c["item"], c["name"]): (c["before"], c["after"]) for c in there["changes"]}


def test_a_difference_of_occurred_time_counts_what_had_occurred(furnished: World) -> None:
    """What was true on one day and on another, as far as is known now."""
    found = furnished.get(
        "learners/s1/history/diff",
        **{"from": "2013-10-17T00:00:00Z", "to": "2013-10-18T23:00:00Z", "axis": "occurred"},
    )
    types = {fact["type"] for fact in found["added"]}
    assert {"SubmissionReceived", "SubmissionGraded"} <= types
    assert found["as_of"]["occurred_at"] == "2013-10-18T23:00:00Z"
    assert found["since"]["occurred_at"] == "2013-10-17T00:00:00Z"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("from=1&to=2014-01-01", "to"),
        ("from=1&axis=known", "axis"),
        ("to=1", "from"),
        ("from=1&since=2", "since"),
        ("from=99999999999999999999999", "from"),
    ],
)
def test_a_moment_that_cannot_be_read_is_named(furnished: World, query: str, field: str) -> None:
    """The answer says which parameter is wrong."""
    problem = furnished.refused(f"/v1/learners/s1/history/diff?{query}", 422)
    assert [error["field"] for error in problem["errors"]] == [field]


def derived(one: World, value: str, **more: Any) -> dict[str, Any]:
    return one.get(f"{ONE}/derivation", value=value, **more)


def test_a_grade_is_derived_from_grades_policy_and_outcome(furnished: World) -> None:
    """The facts that the grade follows from, of the learner and of the run; views are not."""
    found = derived(furnished, "grade")
    types = [fact["type"] for fact in found["facts"]]
    assert found["minimal"]
    assert types.count("SubmissionGraded") == 2
    assert {"GradingPolicyPublished", "OutcomeRecorded"} <= set(types)
    assert not {"ItemViewed", "VideoWatched", "CertificateIssued"} & set(types)
    grade = furnished.get(f"{ONE}/grade")
    assert found["shown"]["current"] == grade["current"]


def test_a_certificate_an_item_and_a_status_have_their_own_facts(furnished: World) -> None:
    """Each value is derived from what it needs, and no more."""
    certificate = [fact["type"] for fact in derived(furnished, "certificate")["facts"]]
    assert certificate == ["CertificateIssued"]
    item = derived(furnished, "item", item="1752")["facts"]
    assert {fact["item"] for fact in item if fact["item"]} == {"1752"}
    status = {fact["type"] for fact in derived(furnished, "status")["facts"]}
    assert status == {"LearnerEnrolled"}


def test_a_value_is_derived_as_of_a_moment(furnished: World) -> None:
    """Before the second grade there is one less to derive from."""
    facts = furnished.get("learners/s1/history")["facts"]
    second = [fact["position"] for fact in facts if fact["type"] == "SubmissionGraded"][1]
    found = derived(furnished, "grade", as_of_position=second - 1, min_position=None)
    assert [f["type"] for f in found["facts"]].count("SubmissionGraded") == 1


def test_an_item_that_nothing_was_done_about_has_no_derivation(furnished: World) -> None:
    """Nor one that there is not: rather than facts that have nothing to do with it."""
    problem = furnished.refused(f"/v1/{ONE}/derivation?value=item&item=shoe", 404)
    assert problem["detail"] == "There is no work on item AAA-2013J/shoe."


@pytest.mark.parametrize("query", ["value=shoe", "value=item", "value=grade&item=1752"])
def test_a_value_that_is_not_known_is_refused(furnished: World, query: str) -> None:
    """With the values that are."""
    furnished.refused(f"/v1/{ONE}/derivation?{query}", 422)


def test_all_values_are_asked_of_all_facts(furnished: World) -> None:
    """What a value is derived from are facts of its run, up to the answer's position."""

    async def known() -> set[int]:
        found = await facts_of(furnished.reads, "main", "s1", Moment())
        return {fact.position for fact in found.facts if run_of(fact) == "AAA-2013J"}

    own = furnished.run(asyncio.wait_for(known(), 10))
    for value in VALUES:
        found = derived(furnished, value, item="1752" if value == "item" else None)
        of_learner = {fact["position"] for fact in found["facts"] if fact["type"] in LEARNERS}
        assert found["minimal"]
        assert of_learner <= own


LEARNERS = {"LearnerEnrolled", "SubmissionGraded", "SubmissionReceived", "OutcomeRecorded"}


@given(st.sets(st.integers(0, 60)), st.integers(0, 61))
def test_what_is_left_is_enough_and_all_of_it_is_needed(needed: set[int], size: int) -> None:
    """Whatever suffices: the rest suffices too, and nothing can be taken from it."""
    facts: list[Any] = list(range(size))
    wanted = needed & set(facts)
    kept, minimal = enough(facts, lambda some: wanted <= set(some))  # type: ignore[arg-type]
    assert minimal
    assert set(kept) == wanted
