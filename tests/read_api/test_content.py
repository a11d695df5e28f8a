"""Are versions of a run's content told with what differs, and is a draft nobody's progress?"""

from __future__ import annotations

from tests.read_api.world import CONTENT, IN_RUN, World, furnish

ITEMS = CONTENT["items"]
assert isinstance(ITEMS, list)
FEWER = [ITEMS[1], {**ITEMS[0], "title": "TMA one"}]
HARDER = [*ITEMS, {"item": "x", "kind": "exam", "title": "Exam"}]
PROGRESS = "enrolments/AAA-2013J/s1/progress"


def test_versions_and_drafts_are_told_with_what_differs(empty: World) -> None:
    """In the API and on the pages of the console."""
    one = empty
    furnish(one)
    one.command("draft-content", **IN_RUN, items=FEWER, changes="Less.")
    found = one.get("runs/AAA-2013J/content")
    assert [row["number"] for row in found["versions"]] == [1]
    assert (found["draft"]["state"], found["draft"]["base"]) == ("open", 1)
    told = one.get("runs/AAA-2013J/content/draft/since/1")["changes"]
    assert [(row["id"], row["what"], row["field"]) for row in told] == [
        ("546614", "removed", None),
        ("v1", "removed", None),
        ("1753", "moved", None),
        ("1752", "changed", "title"),
    ]
    assert "draft 1" in one.ask("/console/runs/AAA-2013J").text
    assert "TMA one" in one.ask("/console/runs/AAA-2013J/content/draft").text
    one.command("publish-draft", **IN_RUN, draft=1)
    found = one.get("runs/AAA-2013J/content")
    assert [(row["number"], row["draft"]) for row in found["versions"]] == [(2, 1), (1, None)]
    assert found["draft"]["state"] == "published"
    assert one.get("runs/AAA-2013J/content/1")["items"][0]["title"] == "TMA 1"
    assert [item["item"] for item in one.get("runs/AAA-2013J/content/2")["items"]] == [
        "1753",
        "1752",
    ]
    page = one.ask("/console/runs/AAA-2013J/content/2").text
    assert "Changes since version 1" in page
    assert "removed" in page
    everything = one.get("runs/AAA-2013J/content/2/since/0")["changes"]
    assert {row["what"] for row in everything} == {"added"}
    for path in ("content/9", "content/draft", "content/2/since/draft"):
        one.refused(f"/v1/runs/AAA-2013J/{path}", 404)
    one.refused("/v1/runs/AAA-2013J/content/two", 422)


def test_progress_does_not_wait_for_what_is_not_published(empty: World) -> None:
    """Neither drafted items nor such as were taken out keep anybody below 100 % (openedx PR
    37247)."""
    one = empty
    furnish(one)
    one.command("publish-content", **IN_RUN, items=ITEMS[:3])
    assert one.get(PROGRESS)["completion_percent"] == 100.0
    one.command("draft-content", **IN_RUN, items=HARDER)
    assert one.get(PROGRESS)["completion_percent"] == 100.0
    one.command("publish-content", **IN_RUN, items=ITEMS)
    assert one.get(PROGRESS)["completion_percent"] == 75.0
