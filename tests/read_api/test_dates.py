"""Does a learner see when an item is due for them, why, and how what they handed in is judged?"""

from __future__ import annotations

from typing import Any

from tests.read_api.world import IN_RUN, World, furnish
from tests.server import eventually

S1 = IN_RUN | {"subject": "s1"}
PROGRESS = "enrolments/AAA-2013J/s1/progress"


def item(one: World, name: str, **asked: Any) -> dict[str, Any]:
    """Return an item of the first learner's progress."""
    found = one.get(PROGRESS, **asked)["items"]
    return next(item for item in found if item["item"] == name)


def test_an_extension_is_seen_with_what_follows(empty: World) -> None:
    """The date that counts and its reason, attempts judged anew, sums that follow, and before."""
    one = empty
    furnish(one)
    before = one.position
    assert (item(one, "1753")["due_basis"], one.get(PROGRESS)["late"]) == ("item", 1)
    one.command("grant-extension", **S1, item="1753", due="2013-12-01T00:00:00Z", reason="Ill")
    now = item(one, "1753")
    assert (now["due"], now["due_basis"]) == ("2013-12-01T00:00:00Z", "learner")
    assert now["extension"]["due"] == "2013-12-01T00:00:00Z"
    assert now["attempts_detail"][0]["late_seconds"] == 0
    assert one.get(PROGRESS)["late"] == 0
    then = item(one, "1753", as_of_position=before)
    assert (then["due"], then["extension"]) == ("2013-11-20T23:59:59.999999Z", None)
    assert one.get(PROGRESS, as_of_position=before)["late"] == 1
    history = one.get("learners/s1/history")["facts"]
    assert "Ill" not in str(history), "the reason is sealed"
    page = one.ask("/console/learners/s1").text
    assert "extended" in page


def test_moving_a_date_for_all_judges_everybody_anew(empty: World) -> None:
    """The policy follows: what was late is in time without anybody asking."""
    one = empty
    furnish(one)
    one.command("override-due-date", **IN_RUN, item="1753", due=None, reason="Snow")
    run = one.get("runs/AAA-2013J")
    assert run["due_overrides"] == [{"item": "1753", "cohort": None, "due": None}]

    def in_time() -> bool:
        return item(one, "1753")["attempts_detail"][0]["late_seconds"] == 0

    eventually(in_time, 20, "judged anew")
    assert item(one, "1753")["due_basis"] == "run"
