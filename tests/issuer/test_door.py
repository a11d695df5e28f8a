"""What does the cookie count for, and from where?"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from infra.issuer.secrets import form_token
from infra.sign_in.door import Door
from infra.sign_in.sessions import BY_BROWSER

ORIGIN, COOKIE, SECRET = "http://127.0.0.1:8000", "registrar-8000", "s" * 43


async def inside(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell what comes through the door."""
    request = Request(scope, receive)
    body = (await request.body()).decode()
    told = {"path": scope["path"], "by_browser": BY_BROWSER in scope, "body": body}
    await JSONResponse(told)(scope, receive, send)


def ask(method: str, path: str, **named: Any) -> httpx.Response:
    """Send a request through the door, with the cookie of a session."""

    async def sent() -> httpx.Response:
        door = Door(inside, ORIGIN, Response("signing in"), COOKIE)
        transport = httpx.ASGITransport(door)
        cookies = {COOKIE: SECRET} if named.pop("cookie", True) else {}
        async with httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, cookies=cookies
        ) as client:
            return await client.request(method, path, **named)

    return asyncio.run(sent())


@pytest.mark.parametrize("site", ["same-origin", "cross-site", "none", None])
def test_the_cookie_counts_nowhere_under_v1(site: str | None) -> None:
    """Not even from a page of ours: whoever asks the API shows a token."""
    headers = {} if site is None else {"Sec-Fetch-Site": site}
    assert ask("GET", "/v1/runs", headers=headers).json()["by_browser"] is False
    assert ask("POST", "/v1/commands/enrol-learner").json()["by_browser"] is False


@pytest.mark.parametrize(
    ("headers", "counts"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({}, True),
    ],
)
def test_the_console_reads_the_api_for_its_own_pages_only(
    headers: dict[str, str], counts: bool
) -> None:
    """Another site can have the browser ask, but not as whoever is signed in."""
    told = ask("GET", "/console/v1/events", headers=headers).json()
    assert (told["path"], told["by_browser"]) == ("/v1/events", counts)


def test_nothing_is_sent_through_the_console_s_api() -> None:
    """It is read only, whatever a form carries."""
    form = {"form_token": form_token(SECRET)}
    told = ask("POST", "/console/v1/commands/enrol-learner", data=form).json()
    assert told["path"] == "/console/v1/commands/enrol-learner"


def test_a_link_from_elsewhere_opens_a_page() -> None:
    """A page itself does nothing, so that a link in a mail may lead to it."""
    told = ask("GET", "/console/runs", headers={"Sec-Fetch-Site": "cross-site"}).json()
    assert told["by_browser"] is True


@pytest.mark.parametrize(
    ("form", "headers", "status"),
    [
        ({"form_token": form_token(SECRET), "note": "x"}, {}, 200),
        ({"form_token": form_token(SECRET)}, {"Sec-Fetch-Site": "same-origin"}, 200),
        ({"form_token": form_token(SECRET), "note": "x" * 40_000}, {}, 200),
        ({"form_token": form_token(SECRET)}, {"Sec-Fetch-Site": "cross-site"}, 403),
        ({"form_token": form_token(SECRET)}, {"Origin": "https://evil.example"}, 403),
        ({"form_token": form_token("other")}, {}, 403),
        ({"form_token": ""}, {}, 403),
        ({}, {}, 403),
        ({"form_token": form_token(SECRET), "note": "x" * 70_000}, {}, 403),
    ],
)
def test_a_form_carries_what_belongs_to_the_session(
    form: dict[str, str], headers: dict[str, str], status: int
) -> None:
    """And comes from a page of ours; what is behind the door gets it whole."""
    answer = ask("POST", "/console/anything", data=form, headers=headers)
    assert answer.status_code == status
    if "note" in form and status == 200:
        assert "note=x" in answer.json()["body"]


def test_a_gradebook_may_be_larger_than_any_other_form() -> None:
    """And has its bound, too."""
    form = {"form_token": form_token(SECRET), "table": "x" * 1_000_000}
    assert ask("POST", "/console/runs/r/gradebook", data=form).status_code == 200
    assert ask("POST", "/console/runs/r/what-if", data=form).status_code == 403
    form["table"] *= 5
    assert ask("POST", "/console/runs/r/gradebook", data=form).status_code == 403


def test_signing_in_is_answered_before_anybody_is_known() -> None:
    """Its addresses take no session."""
    assert ask("GET", "/console/sign-in", cookie=False).text == "signing in"
    assert ask("GET", "/console/callback?code=1", cookie=False).text == "signing in"
