"""Do modules unlock by themselves, and is it seen?"""

from __future__ import annotations

from typing import Any

from tests.read_api.world import CONTENT, IN_RUN, World, furnish
from tests.server import eventually

S2 = IN_RUN | {"subject": "s2"}
ITEMS = CONTENT["items"]
assert isinstance(ITEMS, list)
GATED = {
    "items": [
        {**ITEMS[0], "module": "one"},
        {**ITEMS[1], "module": "two"},
        {**ITEMS[2], "module": "one"},
        {**ITEMS[3], "module": "three"},
    ],
    "modules": [
        {"module": "one", "title": "First"},
        {
            "module": "two",
            "title": "Second",
            "requires": [{"module": "one", "minimum_score": 60, "minimum_completion": 100}],
        },
        {"module": "three", "requires": [{"module": "two", "minimum_completion": 100}]},
    ],
}


def standings(one: World, subject: str, **asked: Any) -> dict[str, str]:
    """Return how each module stands."""
    found = one.get(f"enrolments/AAA-2013J/{subject}/progress", **asked)["modules"]
    return {module["module"]: module["standing"] for module in found}


def test_modules_unlock_as_they_are_earned(empty: World) -> None:
    """Also for who had earned them when they were first locked [Open edX]; a waiver opens the
    last."""
    one = empty
    furnish(one)
    one.command("publish-content", **IN_RUN, **GATED)
    eventually(
        lambda: standings(one, "s1") == {"one": "open", "two": "unlocked", "three": "unlocked"},
        20,
        "unlocked by what was done before",
    )
    before = one.position
    assert standings(one, "s2") == {"one": "open", "two": "locked", "three": "locked"}
    answer = one.run(one.post("submit-work", {**S2, "item": "1753", "attempt": "1"}))
    assert (answer.status_code, answer.json()["rule"]) == (409, "module-locked")
    one.command("view-item", **S2, item="546614")
    one.command("submit-work", **S2, item="1752", attempt="1")
    one.command("grade-submission", **S2, item="1752", attempt="1", raw="60", grader="g")
    eventually(lambda: standings(one, "s2")["two"] == "unlocked", 20, "unlocked")
    one.command("waive-module", **S2, module="three", reason="Knows it all")
    assert standings(one, "s2")["three"] == "waived"
    then = standings(one, "s2", as_of_position=before)
    assert then == {"one": "open", "two": "locked", "three": "locked"}
    (first, *_) = one.get("enrolments/AAA-2013J/s2/progress")["modules"]
    assert (first["done"], first["items"], first["score_percent"]) == (2, 2, 60.0)
    page = one.ask("/console/learners/s2").text
    assert "waived" in page
    assert "Knows it all" not in page
    assert "Locked until" in one.ask("/console/runs/AAA-2013J/content/2").text
