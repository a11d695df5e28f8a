"""Can a gradebook be changed by CSV in the console: seen first, then applied?"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import httpx
import pytest
from msgspec.structs import replace

from domain.access import DEVELOPMENT, Role
from tests.databases import Databases
from tests.read_api.test_explanation import RUN, furnish_grades
from tests.read_api.world import World, world

HERE = f"/console/runs/{RUN}/gradebook"


@pytest.fixture
def graded(databases_18: Databases) -> Iterator[World]:
    """Anna, with scores of all kinds."""
    with databases_18.fresh() as dsn, world(dsn) as one:
        furnish_grades(one)
        one.get(f"runs/{RUN}/gradebook")
        yield one


def sent(one: World, **fields: str) -> httpx.Response:
    """Send the form."""
    return one.run(one._client.post(HERE, data=fields))


def fields(page: httpx.Response) -> dict[str, str]:
    """What the form to apply a preview carries."""
    found = re.findall(r'type="hidden" name="([a-z]+)" value="([^"]*)"', page.text)
    return {name: html.unescape(value) for name, value in reversed(found)} | {"act": "apply"}


def score(one: World) -> str:
    """What Anna has for the bees."""
    (anna, *_) = one.get(f"runs/{RUN}/gradebook")["learners"]
    return str(next(cell["raw"] for cell in anna["cells"] if cell["item"] == "bees"))


def test_a_preview_writes_nothing_and_applying_does(graded: World) -> None:
    """The same form sent twice changes nothing more."""
    assert "Change scores" in graded.ask(HERE).text
    before = graded.run(graded.reads.log.head()).position
    page = sent(graded, act="preview", table="subject,bees\nanna,33\n")
    assert page.status_code == 200, page.text
    assert graded.run(graded.reads.log.head()).position == before
    form = fields(page)
    assert sent(graded, **form).status_code == 422  # no reason
    moved = sent(graded, **form, reason="Second marking")
    assert moved.status_code == 303, moved.text
    assert "Applied." in graded.ask(moved.headers["location"]).text
    graded.position = graded.run(graded.reads.log.head()).position
    assert score(graded) == "33"
    late = sent(graded, **form, reason="Second marking")
    assert late.status_code in (409, 422)
    nothing = sent(graded, act="preview", table="subject,bees\nanna,33\n")
    assert "0 changes" in nothing.text


def test_what_is_wrong_is_said_and_nothing_sent(graded: World) -> None:
    """No table, a cell that cannot be, and a preview that somebody else was quicker than."""
    assert sent(graded, act="preview", table="nonsense").status_code == 422
    page = sent(graded, act="preview", table="subject,bees\nanna,many\n")
    assert "neither a score" in page.text
    assert sent(graded, **{**fields(page), "reason": "x"}).status_code == 422
    mine = fields(sent(graded, act="preview", table="subject,bees\nanna,44\n"))
    body = {"run": RUN, "subject": "anna", "item": "bees", "reason": "x", "score": "11"}
    graded.command("override-score", **body, possible="100")
    graded.get(f"runs/{RUN}/gradebook")
    stale = sent(graded, **mine, reason="Second marking")
    assert stale.status_code == 409, stale.text
    assert "has changed since" in stale.text
    assert score(graded) == "11"


def test_it_takes_the_permission_and_a_second_factor(graded: World) -> None:
    """A grader sees the preview, and may not apply it; an instructor is led to a second factor."""
    form = fields(sent(graded, act="preview", table="subject,bees\nanna,33\n"))
    who = replace(DEVELOPMENT, actor="ina", roles=frozenset(), strong=False)
    weak = replace(who, runs={Role.INSTRUCTOR: frozenset({RUN})})
    answer = sent(graded.asked_by(weak), **form, reason="x")
    assert answer.status_code == 401, answer.text
    assert "strong=true" in answer.text
    for page in (graded.asked_by(weak).ask(HERE), sent(graded.asked_by(weak), table="subject")):
        assert "Changing scores takes a sign-in with a second factor" in page.text
        assert "<textarea" not in page.text  # what is pasted would be lost on the way
    grader = graded.asked_by(replace(who, runs={Role.GRADER: frozenset({RUN})}, strong=True))
    seen = sent(grader, act="preview", table="subject,bees\nanna,33\n")
    assert seen.status_code == 200
    assert 'value="apply"' not in seen.text
    assert sent(grader, **form, reason="x").status_code == 409
    assert score(graded) != "33"
