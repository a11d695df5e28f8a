"""Is what was published by an earlier moment found, and nothing that came or changed later?"""

from __future__ import annotations

from typing import Any

from tests.read_api.world import CONTENT, IN_RUN, World, furnish

ITEMS = CONTENT["items"]
assert isinstance(ITEMS, list)
LATER = "2014-02-01T00:00:00Z"
NEW = [
    {**ITEMS[0], "title": "Sonata"},
    {"item": "new", "kind": "page", "title": "Counterpoint"},
    *ITEMS[2:],
]


def found(one: World, q: str, **asked: Any) -> list[str]:
    """Return the ids of what is found, in order."""
    answer = one.get("search", q=q, **asked)
    assert answer["total"] == len(answer["hits"])
    return [hit["id"] for hit in answer["hits"]]


def test_search_as_of_an_earlier_moment(empty: World) -> None:
    """By position, recorded and occurred time: titles of then, items of then, runs of then."""
    one = empty
    furnish(one)
    before = one.position
    recorded = one.ask("/v1/log").json()["recorded_at"]
    one.command("draft-content", **IN_RUN, items=[{**ITEMS[0], "title": "Toccata"}])
    one.command("publish-content", **IN_RUN, items=NEW, occurred_at=LATER)
    run = {"run": "AAA-2014J", "course": "AAA", "title": "Module AAA again"}
    dates = {"starts": "2014-10-01T00:00:00Z", "ends": "2015-06-01T00:00:00Z"}
    one.command("schedule-run", **run, **dates)
    assert found(one, "sonata") == ["1752"]
    assert found(one, "TMA 2") == []
    assert found(one, "toccata") == [], "a draft is not published"
    earlier: list[dict[str, Any]] = [
        {"as_of_position": before},
        {"as_of_recorded": recorded},
        {"as_of_occurred": "2014-01-01T00:00:00Z"},
    ]
    for then in earlier:
        assert found(one, "sonata", **then) == []
        assert found(one, "counterpoint", **then) == []
        assert sorted(found(one, "TMA", **then)) == ["1752", "1753"]
        assert found(one, "1753", **then) == ["1753"]
        told_today = ["AAA"] if "as_of_occurred" not in then else []
        assert sorted(found(one, "module", **then)) == [*told_today, "AAA-2013J"]
        assert found(one, "toccata", **then) == []
    assert found(one, "counterpoint", as_of_occurred=LATER) == ["new"]
    assert found(one, "1753", as_of_occurred=LATER) == []
    assert found(one, "homepage", kind="item", as_of_position=before) == ["546614"]
    assert sorted(found(one, "module", as_of_position=one.position)) == sorted(found(one, "module"))
    one.refused("/v1/search", 422, q="s1", kind="learner", as_of_position=before)
    one.refused("/v1/search", 422, q="s1", as_of_position=before, as_of_recorded=recorded)
    assert found(one, "s1", as_of_position=before) == [], "learners are not published"
    page = one.ask("/console/search?q=TMA&on=2013-01-01").text
    assert "Nothing found" in page
    assert one.ask("/console/search?q=TMA&on=soon").status_code == 422
