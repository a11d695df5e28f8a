"""Is every request bounded, and does every answer say how it may be shown and kept?"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from commands.app import BATCH_BYTES_MAX
from infra.web.guard import Guard, open_to_origins
from tests.databases import Databases
from tests.read_api.world import World, furnish, world

EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
ADDRESSES = [
    "/",
    "/healthz",
    "/metrics",
    "/docs",
    "/docs/start.js",
    "/openapi.json",
    "/problems",
    "/problems/run-full",
    "/nothing/here",
    "/console",
    "/console/runs",
    "/console/learners/s1",
    "/console/nothing",
    "/console/static/console.css",
    "/v1/runs",
    "/v1/runs/NONE",
    "/v1/learners/s1",
    "/v1/learners/s1/history",
    "/v1/runs?no=thing",
    "/v1/commands/enrol-learner",
    "/v1/log",
]
ORIGIN = "https://app.example.org"


@pytest.fixture(scope="module")
def one(databases_18: Databases) -> Iterator[World]:
    with databases_18.fresh() as dsn, world(dsn) as made:
        furnish(made)
        yield made


def ask(app: Any, one: World, method: str, path: str, **given: Any) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://registrar") as client:
            return await client.request(method, path, **given)

    return one.run(send())


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_answer_says_how_it_may_be_shown_and_kept(one: World, path: str) -> None:
    """Whatever its status: no frames, no guessing, no scripts but our own files; kept by nobody
    unless it is public."""
    answer = ask(Guard(one.app), one, "GET", path)
    for name, value in EVERYWHERE.items():
        assert answer.headers[name] == value, name
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "camera=()" in answer.headers["permissions-policy"]
    kept = answer.headers["cache-control"]
    assert kept == "no-store" or (kept.startswith("public") and "/learners/" not in path)
    assert "server" not in answer.headers
    assert "strict-transport-security" not in answer.headers
    if "text/html" in answer.headers.get("content-type", ""):
        assert not re.search(r"<script(?![^>]* src=)|\son[a-z]+=|\sstyle=|<style", answer.text)


def test_whoever_comes_over_tls_is_told_to_stay_with_it(one: World) -> None:
    answer = ask(Guard(one.app, over_tls=True), one, "GET", "/healthz")
    assert "max-age=63072000" in answer.headers["strict-transport-security"]


def test_other_origins_get_nothing_unless_they_are_named(one: World) -> None:
    """CORS is off by default; where it is on, cookies are still not taken."""
    preflight = {"origin": ORIGIN, "access-control-request-method": "POST"}
    wanted = {**preflight, "access-control-request-headers": "authorization, idempotency-key"}
    path = "/v1/commands/enrol-learner"
    closed = ask(open_to_origins(one.app, None), one, "OPTIONS", path, headers=wanted)
    assert not [name for name in closed.headers if name.startswith("access-control")]
    app = open_to_origins(one.app, f"https://other.example.org, {ORIGIN}")
    opened = ask(app, one, "OPTIONS", path, headers=wanted)
    assert opened.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in opened.headers
    stranger = ask(app, one, "OPTIONS", path, headers={**wanted, "origin": "https://evil.example"})
    assert "access-control-allow-origin" not in stranger.headers


async def _chunks(count: int, taken: list[int]) -> AsyncIterator[bytes]:
    for number in range(count):
        taken.append(number)
        yield b" " * 1_000_000


@pytest.mark.parametrize(
    "path",
    [
        "/v1/commands",
        "/v1/commands/enrol-learner",
        "/v1/runs/AAA-2013J/what-if",
        "/v1/runs/AAA-2013J/gradebook/preview",
    ],
)
@pytest.mark.parametrize("counted", [True, False], ids=["announced", "in pieces"])
def test_a_body_that_is_too_large_is_refused(one: World, path: str, counted: bool) -> None:
    """Before it is read, where its length is said; otherwise as soon as it is too large."""
    count = BATCH_BYTES_MAX // 1_000_000 + 1
    body = b" " * (BATCH_BYTES_MAX + 1) if counted else _chunks(count, [])
    headers = {"content-type": "application/json"}
    answer = ask(Guard(one.app), one, "POST", path, content=body, headers=headers)
    assert answer.status_code in (413, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/v1/commands", "/v1/commands/enrol-learner"])
@pytest.mark.parametrize(
    "announced", [{}, {"content-length": "20000000"}], ids=["not", "announced"]
)
def test_what_is_too_large_is_let_pass_within_a_bound(
    one: World, path: str, announced: dict[str, str]
) -> None:
    """Whichever limit refused it: who sends is heard out before the answer, so that it is read;
    who would send for ever is not."""
    headers = {"content-type": "application/json", **announced}
    for count, closed in ((9, False), (20, True)):
        taken: list[int] = []
        answer = ask(
            Guard(one.app), one, "POST", path, content=_chunks(count, taken), headers=headers
        )
        assert answer.status_code == 413
        assert len(taken) == min(count, 2 * BATCH_BYTES_MAX // 1_000_000)
        assert (answer.headers.get("connection") == "close") is closed


@pytest.mark.parametrize(
    "path",
    [
        "/v1/commands",
        "/v1/commands/publish-grading-policy",
        "/v1/runs/AAA-2013J/what-if",
    ],
)
@pytest.mark.parametrize("opens", [b"[", b'{"a":', b'{"policy":{"categories":['])
def test_a_body_that_is_too_deep_is_malformed(one: World, path: str, opens: bytes) -> None:
    """However deep: no fault of ours."""
    headers = {"content-type": "application/json"}
    answer = ask(
        Guard(one.app), one, "POST", path, content=opens * (900_000 // len(opens)), headers=headers
    )
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/learners/a%00b", "path"),
        ("/console/certificates/%00", "path"),
        ("/console/runs?q=%00", "query"),
        ("/v1/events?run=a%00", "query"),
    ],
)
def test_an_address_holds_no_nul(one: World, path: str, field: str) -> None:
    """422, which names the place, and not what a database makes of it."""
    answer = ask(Guard(one.app), one, "GET", path)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-parameter")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert ask(Guard(one.app), one, "GET", path.replace("%00", "%2500")).status_code != 503


async def _never(_: Scope, __: Receive, ___: Send) -> None:
    await asyncio.Event().wait()


def test_an_answer_that_does_not_begin_is_given_up(one: World) -> None:
    """With a problem that says what to do."""
    answer = ask(Guard(_never, seconds=0.05), one, "GET", "/v1/runs")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/took-too-long")
    assert int(answer.headers["retry-after"]) >= 1


async def _slowly(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await asyncio.sleep(0.2)
    await send({"type": "http.response.body", "body": b"x"})


def test_a_stream_that_has_begun_goes_on(one: World) -> None:
    assert ask(Guard(_slowly, seconds=0.05), one, "GET", "/v1/events").text == "x"
