"""Is a run's gradebook there to read, to take along, and to bring back changed?"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest

from tests.databases import Databases
from tests.read_api.test_explanation import RUN, furnish_grades
from tests.read_api.world import World, world

BOOK = f"/v1/runs/{RUN}/gradebook"


@pytest.fixture(scope="module")
def graded(databases_18: Databases) -> Iterator[World]:
    """Anna, with scores of all kinds, and Bob and Cleo with nothing yet."""
    with databases_18.fresh() as dsn, world(dsn) as one:
        furnish_grades(one)
        for subject in ("bob", "cleo"):
            one.command("enrol-learner", run=RUN, subject=subject, mode="audit")
        one.get(f"runs/{RUN}/gradebook")  # waits until all is read in
        yield one


def tried(one: World, text: str | bytes, status: int = 200) -> dict[str, Any]:
    """Ask what a changed gradebook would change."""
    content = text.encode() if isinstance(text, str) else text
    answer = one.run(
        one._client.post(
            f"{BOOK}/preview?min_position={one.position}",
            content=content,
            headers={"content-type": "text/csv"},
        )
    )
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def table(one: World) -> list[list[str]]:
    """The gradebook as CSV."""
    answer = one.ask(f"{BOOK}.csv?min_position={one.position}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(answer.text)))


def test_the_gradebook_shows_what_counts(graded: World) -> None:
    """The same scores and grades as everywhere else, by subject, in parts."""
    first = graded.get(f"runs/{RUN}/gradebook", limit="1")
    assert [column["item"] for column in first["columns"]] == [
        "ants",
        "bees",
        "cats",
        "dogs",
        "exam",
    ]
    (anna,) = first["learners"]
    cells = {cell["item"]: cell for cell in anna["cells"]}
    assert (cells["bees"]["raw"], cells["bees"]["deducted"]) == ("80.00", "10.00")
    assert (cells["cats"]["counts"], cells["dogs"]["excused"]) == ("override", True)
    grade = graded.get(f"enrolments/{RUN}/anna/grade")["current"]
    assert (anna["percent"], anna["so_far_percent"]) == (
        grade["percent"],
        grade["so_far_percent"],
    )
    rest = graded.get(f"runs/{RUN}/gradebook", limit="5", next=first["next"])
    assert [line["subject"] for line in rest["learners"]] == ["bob", "cleo"]
    assert rest["next"] is None
    graded.refused("/v1/runs/XXX/gradebook", 404)
    graded.refused("/v1/runs/XXX/gradebook.csv", 404)


def test_the_csv_changes_nothing_when_it_comes_back(graded: World) -> None:
    """What is taken along can be given back as it is."""
    head, anna, bob, cleo = table(graded)
    assert head[:3] == ["subject", "status", "ants (of 100)"]
    assert anna == ["anna", "active", "70", "80.00", "50", "EX", "", "37", "", "75", "fail"]
    assert (bob[0], cleo[0], bob[2:7]) == ("bob", "cleo", [""] * 5)
    same = graded.ask(f"{BOOK}.csv").text
    found = tried(graded, same)
    assert (found["changes"], found["refused"], found["grades"]) == ([], [], [])
    assert found["unchanged"] == 4


def test_a_preview_says_what_would_change_and_writes_nothing(graded: World) -> None:
    """Cell by cell, with the command that it takes; and whose grade."""
    before = graded.run(graded.reads.log.head()).position
    found = tried(
        graded,
        "subject,ants,cats (of 100),dogs,exam\nanna,70.0,AUTO,40,EX\nbob,,,EX,8/10\n",
    )
    assert graded.run(graded.reads.log.head()).position == before
    told = [(c["subject"], c["item"], c["command"], c["old"], c["new"]) for c in found["changes"]]
    assert told == [
        ("anna", "cats", "remove-override", "50", "10"),
        ("anna", "dogs", "withdraw-excuse", None, None),
        ("anna", "dogs", "override-score", None, "40"),
        ("anna", "exam", "excuse-item", None, None),
        ("bob", "dogs", "excuse-item", None, None),
        ("bob", "exam", "override-score", None, "8"),
    ]
    assert found["unchanged"] == 1
    grades = {one["subject"]: (one["percent"], one["new_percent"]) for one in found["grades"]}
    assert grades == {"anna": (37, 63), "bob": (0, 40)}


def test_the_changes_are_the_commands_that_make_them(graded: World) -> None:
    """Sent with a reason they give the grades that were foretold, and then change nothing."""
    text = "subject,ants,exam\ncleo,90,100\n"
    found = tried(graded, text)
    for change in found["changes"]:
        graded.command(change["command"], **change["body"], reason="Second marking")
    (foretold,) = found["grades"]
    line = graded.get(f"runs/{RUN}/gradebook")["learners"][2]
    assert (line["percent"], line["letter"]) == (foretold["new_percent"], foretold["new_letter"])
    again = tried(graded, text)
    assert (again["changes"], again["unchanged"]) == ([], 2)


def test_what_cannot_be_taken_is_named(graded: World) -> None:
    """Line, learner, item, rule and why; the other cells are still told."""
    found = tried(graded, "subject,ants,nothere\nanna,101,5\nnobody,7,\nbob,x,\nanna2,,\n")
    told = [(one["line"], one["item"], one["rule"]) for one in found["refused"]]
    assert told == [
        (2, "ants", "score-out-of-range"),
        (2, "nothere", "item-unknown"),
        (3, "ants", "not-enrolled"),
        (4, "ants", "malformed"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name,ants\nanna,5\n",
        "subject,ants,ants\nanna,5,5\n",
        "subject,ants\nanna,5,6\n",
        "subject,ants\nanna,5\nanna,6\n",
        'subject,ants\nanna,"5\n',
        "subject,what is this\nanna,5\n",
        b"subject,ants\nanna,\xff\n",
    ],
)
def test_what_is_no_gradebook_is_said_so(graded: World, text: str | bytes) -> None:
    """Before anything is compared."""
    assert "body" in tried(graded, text, 422)["detail"]


def test_the_page_shows_it(graded: World) -> None:
    """And leads to the CSV, and to how each grade is made."""
    page = graded.ask(f"/console/runs/{RUN}/gradebook").text
    for said in ("excused", "set by a person", "10 lost, late", f"{BOOK}.csv", "75% so far"):
        assert said in page, said
    assert f'href="/console/runs/{RUN}/gradebook"' in graded.ask(f"/console/runs/{RUN}").text
