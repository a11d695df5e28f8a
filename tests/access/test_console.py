"""Can roles and reads be looked at in the console, and does no way there end in a refusal?"""

from __future__ import annotations

import html
import re
from typing import Any

import httpx
import pytest

from domain.access import Principal, Role
from tests.access import spec
from tests.read_api.world import World

RUN, OTHER_RUN = "AAA-2013J", "BBB-2014B"
"""The second is none: other tests ask for it, which the log of reads tells."""
WAYS_ALIKE_MAX = 2
"""Of links that differ in what nobody's rights hang on, so many are followed."""
PAGES_MAX = 60
LINK = re.compile(r'<a [^>]*href="(/[^"#]*)')


def somebody(role: str, *runs: str, strong: bool = True, actor: str = "s1") -> Principal:
    """Return somebody who has a role beside being a learner, in runs or in the tenant."""
    roles = {Role.LEARNER} if runs else {Role.LEARNER, Role(role)}
    held = {Role(role): frozenset(runs)} if runs else {}
    return Principal(actor, "main", "app", frozenset(roles), held, strong=strong)


def alike(href: str) -> str:
    """Return an address without its values, but whether it names a run."""
    path, _, query = href.partition("?")
    kind = re.sub(r"/(runs|learners|facts|certificates|access)/[^/]+", r"/\1/*", path)
    return f"{kind} {'run=' in query}"


def crawled(one: World) -> dict[str, tuple[int, str]]:
    """Follow every kind of link from where the console begins; return status and origin of each."""
    waiting = [("/console", ""), ("/console/me", ""), ("/console/search?q=AAA", "")]
    found: dict[str, tuple[int, str]] = {}
    kinds: dict[str, int] = {}
    while waiting:
        href, origin = waiting.pop(0)
        kind = alike(href)
        if href in found or kinds.get(kind, 0) >= WAYS_ALIKE_MAX or OTHER_RUN in href:
            continue
        kinds[kind] = kinds.get(kind, 0) + 1
        assert len(found) < PAGES_MAX
        answer = one.ask(href.replace("/console/v1", "/v1"))
        found[href] = (answer.status_code, origin)
        if (to := answer.headers.get("location")) is not None:
            waiting.append((to, href))
        if "text/html" in answer.headers.get("content-type", "") and answer.status_code == 200:
            waiting += [(html.unescape(link), href) for link in LINK.findall(answer.text)]
    return found


@pytest.mark.parametrize(
    ("role", "run"),
    [*((role, None) for role in spec.ROLES), ("instructor", RUN), ("grader", RUN)],
)
def test_no_way_ends_in_a_refusal(furnished: World, role: str, run: str | None) -> None:
    """Whoever has this role, in the tenant or in one run, is shown only what they may open."""
    given = () if run is None else (run,)
    found = crawled(furnished.asked_by(somebody(role, *given, actor="s2")))
    wrong = {href: told for href, told in found.items() if told[0] not in (200, 303, 307)}
    assert wrong == {}
    assert len(found) >= 6


def test_a_teacher_gets_to_what_a_learner_does_in_their_run(furnished: World) -> None:
    """And not to who they are, nor to anybody who is not in it; an auditor gets to all of it."""
    tutor = furnished.asked_by(somebody("instructor", RUN, actor="tutor"))
    assert f'href="/console/learners/s1?run={RUN}"' in tutor.ask(f"/console/runs/{RUN}").text
    page = tutor.ask(f"/console/learners/s1?run={RUN}")
    assert page.status_code == 200, page.text
    assert "recorded of this learner in this run" in page.text
    told = tutor.ask(f"/console/learners/s1.json?run={RUN}").json()
    assert {fact["run"] for fact in told["facts"]} == {RUN}
    assert (told["person"], told["erasure"]) == (None, None)
    assert [one["enrolment"]["run"] for one in told["standings"]] == [RUN]
    for path, status in (
        ("/console/learners/s1", 403),
        (f"/console/learners/s1?run={OTHER_RUN}", 403),
        (f"/console/learners/s1?run={RUN}&run={OTHER_RUN}", 403),
        (f"/console/learners/nobody?run={RUN}", 404),
    ):
        assert tutor.ask(path).status_code == status, path
    auditor = furnished.asked_by(somebody("auditor"))
    assert 'href="/console/learners/s2"' in auditor.ask(f"/console/runs/{RUN}").text
    grader = furnished.asked_by(somebody("grader", RUN, actor="grader"))
    assert "data-events" not in grader.ask(f"/console/runs/{RUN}").text
    assert "data-events" in tutor.ask(f"/console/runs/{RUN}").text


def test_who_is_new_is_told_that_nothing_is_recorded_yet(furnished: World) -> None:
    """That is where they land after signing in, and it is no fault of theirs."""
    page = furnished.asked_by(somebody("learner", actor="new-here")).ask(
        "/console/learners/new-here"
    )
    assert page.status_code == 404
    assert "Nothing is recorded of you yet" in page.text


def sent(one: World, path: str, **fields: str) -> httpx.Response:
    """Send a form."""
    return one.run(one._client.post(path, data=fields))


def told(one: World, path: str) -> dict[str, Any]:
    """The data of a page."""
    page, _, query = path.partition("?")
    answer = one.ask(f"{page}.json?{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["found"]
    return found


def test_a_role_is_given_and_taken_back_in_the_console(furnished: World) -> None:
    """As who is signed in, with a second factor; the same form twice gives once; and what held on
    a day stays to be seen."""
    dean = furnished.asked_by(somebody("registrar", actor="dean"))
    page = dean.ask("/console/access")
    assert "Give a role" in page.text
    assert "<option>auditor</option>" not in page.text.split('id="h-give"')[1]
    form = {"act": "grant-role", "holder": "tutor-9", "role": "instructor", "run": RUN, "key": "k1"}
    assert [sent(dean, "/console/access", **form).status_code for _ in range(2)] == [303, 303]
    moved = sent(dean, "/console/access", **form).headers["location"]
    assert moved.startswith("/console/access/tutor-9?")
    shown = dean.ask(moved)
    assert "The role was given" in shown.text
    assert "Take back" in shown.text
    (grant,) = told(dean, moved)["grants"]
    assert (grant["granted_by"], grant["run"], grant["holds"]) == ("dean", RUN, True)
    back = {"act": "revoke-role", "role": "instructor", "run": RUN, "key": "k2"}
    moved = sent(dean, "/console/access/tutor-9", **back).headers["location"]
    assert "taken back" in dean.ask(moved).text
    assert told(dean, moved)["permissions"] == []
    assert told(dean, "/console/access/tutor-9?known_by=2001-01-01")["grants"] == []
    then = told(dean, f"/console/access/tutor-9?occurred_by={grant['granted_at']}")["grants"]
    assert [one["holds"] for one in then] == [True]
    ended = told(dean, f"/console/access?role=instructor&run={RUN}&ended=yes")["grants"]
    assert "tutor-9" in [one["holder"] for one in ended]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"role": "auditor"}, "You may not grant"),
        ({"role": "grader", "holder": "dean"}, "their own roles"),
        ({"role": "grader", "run": "none"}, "none"),
        ({"role": "grader", "until": "2001-01-01"}, "would end"),
        ({"role": "emperor"}, "role"),
    ],
)
def test_what_is_wrong_with_a_grant_is_said(
    furnished: World, fields: dict[str, str], says: str
) -> None:
    dean = furnished.asked_by(somebody("registrar", actor="dean"))
    answer = sent(
        dean,
        "/console/access",
        **{"act": "grant-role", "holder": "tutor-8", "key": str(fields)} | fields,
    )
    assert answer.status_code == 409, answer.text
    assert says in answer.text.split("Nothing was changed.")[1].split("</div>")[0]


def test_giving_takes_the_permission_and_a_second_factor(furnished: World) -> None:
    """An auditor looks and is offered no form; nobody is offered one for themselves."""
    form = {"act": "grant-role", "holder": "tutor-8", "role": "grader", "key": "k3"}
    weak = furnished.asked_by(somebody("registrar", strong=False, actor="dean"))
    answer = sent(weak, "/console/access", **form)
    assert answer.status_code == 401
    assert "strong=true" in answer.text
    auditor = furnished.asked_by(somebody("auditor", actor="auditor"))
    assert "Give a role" not in auditor.ask("/console/access").text
    assert sent(auditor, "/console/access", **form).status_code == 403
    own = furnished.asked_by(somebody("registrar", actor="dean"))
    assert "Give a role" not in own.ask("/console/access/dean").text
    past = own.ask("/console/access?known_by=2014-01-01").text
    assert "Give a role" not in past


def test_who_read_a_record_is_shown_to_auditors_and_of_oneself(furnished: World) -> None:
    tutor = furnished.asked_by(somebody("instructor", RUN, actor="tutor-77"))
    tutor.get(f"enrolments/{RUN}/s1")
    tutor.ask(f"/console/runs/{RUN}")
    auditor = furnished.asked_by(somebody("auditor", actor="auditor"))
    page = auditor.ask("/console/access-log?actor=tutor-77")
    assert "everybody in" in page.text
    assert 'href="/console/access/tutor-77"' in page.text
    assert 'href="/console/learners/s1"' in page.text
    own = furnished.asked_by(somebody("learner", actor="s1"))
    mine = own.ask("/console/learners/s1/reads")
    assert "tutor-77" in mine.text
    assert 'href="/console/access/tutor-77"' not in mine.text
    assert "Who looked" in own.ask("/console/learners/s1").text
    assert "tutor-77" not in own.ask("/console/learners/s1/reads?to=2001-01-01").text
    assert own.ask("/console/learners/s1/reads?from=soon").status_code == 422
    assert own.ask("/console/access-log").status_code == 403
    assert own.ask("/console/learners/s2/reads").status_code == 403
    assert tutor.ask("/console/learners/s1/reads").status_code == 403
