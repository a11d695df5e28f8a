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
    """The policy follows: what was late is in time without anybody asking
    [Canvas-like systems leave stale penalties]."""
    one = empty
    furnish(one)
    one.command("override-due-date", **IN_RUN, item="1753", due=None, reason="Snow")
    run = one.get("runs/AAA-2013J")
    assert run["due_overrides"] == [{"item": "1753", "cohort": None, "due": None}]

    def in_time() -> bool:
        return item(one, "1753")["attempts_detail"][0]["late_seconds"] == 0

    eventually(in_time, 20, "judged anew")
    assert item(one, "1753")["due_basis"] == "run"


def test_an_attempt_under_way_is_seen_with_its_deadline(empty: World) -> None:
    """And one whose time is up is handed in by the scheduler, as it was at its deadline
    [Moodle]."""
    one = empty
    furnish(one)
    exam = {"item": "x", "kind": "exam", "title": "Exam", "attempts": 2, "time_limit_s": 600}
    quick = {"item": "y", "kind": "quiz", "title": "Quick", "attempts": 2, "time_limit_s": 5}
    one.command("publish-content", **IN_RUN, items=[exam, quick])
    begun = one.command("start-attempt", **S1, item="y", attempt="7")
    one.command("start-attempt", **S1, item="x", attempt="7")
    now = item(one, "x")
    assert (begun["number"], begun["content_version"]) == (1, 2)
    assert (now["attempts_left"], now["under_way"]["attempt"]) == (1, "7")

    def seen() -> bool:
        page = one.ask("/console/learners/s1").text
        return "under way until" in page and "1 attempt left" in page

    eventually(seen, 10, "seen")

    def expired() -> bool:
        return bool(item(one, "y")["submitted_at"])

    eventually(expired, 25, "handed in by the scheduler")
    then = item(one, "y")
    (attempt,) = then["attempts_detail"]
    assert (attempt["expired"], attempt["submitted_at"]) == (True, begun["deadline"])
    assert (then["attempts_left"], then["under_way"]) == (1, None)
    one.command("report-grader-failure", **S1, item="y", attempt="7", grader="g")
    assert item(one, "y")["attempts_left"] == 2
