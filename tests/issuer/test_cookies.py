"""What does a browser hold of somebody who has signed in, and for how long does it count?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from infra.compose.signing_in import _cookie
from infra.sign_in.client import Attempt, Given
from infra.sign_in.model import IDLE, WHOLE, Held, Kept
from infra.sign_in.routes import SignIn
from infra.sign_in.sessions import Sessions

SECRET, TOKEN = "s" * 43, "the.access.token"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Program:
    """An issuer that lets everybody in."""

    issuer = SimpleNamespace(url="https://id.example.org")

    def attempt(self, wanted: str) -> Attempt:
        return Attempt("state-1234", "nonce", "verifier", wanted)

    async def address(self, attempt: Attempt, _classes: str | None) -> str:
        return f"https://id.example.org/authorize?state={attempt.state}"

    async def signed_in(self, _attempt: Attempt, _code: str, _now: datetime) -> Given:
        return Given(Held(TOKEN, "the-refresh-token", "the.id.token", "Ann"), "ann", 600.0)


class Begins(Sessions):
    """Sessions that are kept nowhere."""

    async def begin(self, given: Given, before: str | None) -> str:  # noqa: ARG002 - nothing is kept
        return SECRET


def cookies(origin: str) -> Sequence[str]:
    """Return what a browser is made to hold while somebody signs in."""
    program: Any = Program()
    store: Any = None
    sessions = Begins(store, program, _cookie(origin), lambda: NOW)
    app = SignIn(program, sessions, origin, [], lambda: NOW).app()

    async def sign_in() -> list[str]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=origin) as browser:
            began = await browser.get("/console/sign-in")
            ended = await browser.get("/console/callback?state=state-1234&code=c")
            assert ended.status_code == 303
            return [
                *began.headers.get_list("set-cookie"),
                *ended.headers.get_list("set-cookie"),
            ]

    return asyncio.run(sign_in())


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ("https://records.example.org", "__Host-registrar"),
        ("http://127.0.0.1:8000", "registrar-8000"),
    ],
)
def test_cookies_are_for_this_host_and_no_script(origin: str, name: str) -> None:
    """Over TLS they have the prefix that has browsers see to it. None holds a token."""
    attempt, session, dropped = cookies(origin)
    for cookie in (attempt, session):
        flags = {flag.strip().lower() for flag in cookie.split(";")[1:]}
        assert {"httponly", "samesite=lax", "path=/"} <= flags
        assert ("secure" in flags) is origin.startswith("https:")
        assert not [flag for flag in flags if flag.startswith("domain")]
    assert session.startswith(f"{name}={SECRET};")
    assert attempt.startswith(f"{name}-state123=")
    assert "max-age=0" in dropped.lower()
    for token in (TOKEN, "the-refresh-token", "the.id.token"):
        assert token not in attempt + session + dropped


@pytest.mark.parametrize(
    ("since_begun", "since_seen", "good"),
    [
        (timedelta(0), timedelta(0), True),
        (WHOLE - timedelta(seconds=1), IDLE - timedelta(seconds=1), True),
        (IDLE, IDLE, False),
        (WHOLE, timedelta(0), False),
    ],
)
def test_a_session_ends_idle_and_in_any_case(
    since_begun: timedelta, since_seen: timedelta, good: bool
) -> None:
    kept = Kept(b"", "", "", b"", NOW, NOW - since_seen, NOW - since_begun + WHOLE)
    assert kept.good(NOW) is good
