"""An issuer on a database, a browser in front of it, and a clock that tests move."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pyotp
from argon2 import PasswordHasher

from infra.issuer.app import issuer_app
from infra.issuer.first_start import make_first
from infra.issuer.model import Client
from infra.issuer.parts import Issuer, issuer
from infra.issuer.scopes import OF_PERSON
from infra.issuer.secrets import digest
from infra.issuer.token_endpoint import challenge_of

ORIGIN = "http://127.0.0.1:8000"
BACK = "http://127.0.0.1:8000/console/callback"
VERIFIER = "v" * 43
SERVICE, SERVICE_SECRET = "exporter", "s" * 43
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""Checked in no time: what a check costs is kept with the password."""
OTHER, OTHER_BACK = "other", "https://other.example/back"


class Desk:
    """What a test does, as a browser and as a program."""

    def __init__(self, desk: Issuer, password: str, folder: Path) -> None:
        self.issuer = desk
        self.password = password
        self.folder = folder
        self.browser = self.another()
        self.phone = ""

    def another(self) -> httpx.AsyncClient:
        """Return a browser that has been nowhere yet."""
        transport = httpx.ASGITransport(issuer_app(self.issuer))
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN)

    def asking(self, **changed: str | None) -> str:
        """Return the address that a program sends a browser to; None leaves a parameter out."""
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": "console",
            "redirect_uri": BACK,
            "scope": "openid profile registrar",
            "state": "state-1",
            "nonce": "nonce-1",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
        }
        given = {name: value for name, value in (asked | changed).items() if value is not None}
        return f"/issuer/authorize?{urlencode(given)}"

    async def page(self, address: str) -> httpx.Response:
        """Go to an address, and on until there is a page of the issuer or another site."""
        answer = await self.browser.get(address)
        while answer.is_redirect and answer.headers["location"].startswith("/issuer/"):
            answer = await self.browser.get(answer.headers["location"])
        return answer

    async def send(self, page: httpx.Response, **fields: str) -> httpx.Response:
        """Fill in the form of a page and send it, and go on."""
        action = html.unescape(re.findall(r'<form method="post" action="([^"]+)"', page.text)[0])
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        answer = await self.browser.post(action, data=hidden | fields)
        return await self.page(answer.headers["location"]) if _goes_on(answer) else answer

    async def sign_in(self, **asked: str | None) -> httpx.Response:
        """Sign in as the administrator, with all that there is; return the last answer."""
        page = await self.page(self.asking(**asked))
        if not page.is_redirect:
            page = await self.send(page, name="admin", password=self.password)
        if not page.is_redirect and "/enrol?" in str(page.url) and "Not now" in page.text:
            page = await self.page(self.asking(**asked))
        if not page.is_redirect and "/second-factor?" in str(page.url):
            page = await self.send(page, code=self.code())
        return page

    async def enrol(self) -> httpx.Response:
        """Add a phone to the administrator, who has signed in; return the page that follows."""
        page = await self.page(self.asking(acr_values="urn:registrar:second-factor"))
        self.phone = "".join(re.findall(r'class="secret">([^<]+)<', page.text)[0].split())
        return await self.send(page, code=self.code())

    def code(self, steps: int = 0) -> str:
        """Return what the phone shows now, or so many steps later."""
        return pyotp.TOTP(self.phone).at(self.issuer.clock() + timedelta(seconds=30 * steps))

    async def tokens(self, **fields: str) -> httpx.Response:
        """Ask for tokens."""
        return await self.browser.post("/issuer/token", data=fields)

    async def for_code(self, code: str, **changed: str) -> httpx.Response:
        """Change a code for tokens, as the console does."""
        given = {
            "grant_type": "authorization_code",
            "client_id": "console",
            "redirect_uri": BACK,
            "code_verifier": VERIFIER,
        }
        return await self.tokens(**(given | {"code": code} | changed))


def told(answer: httpx.Response) -> dict[str, str]:
    """Return what a program is told by the address that a browser is sent to."""
    assert answer.status_code == 303, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time."""
        return self.at

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


@asynccontextmanager
async def desk(dsn: str, folder: Path) -> AsyncIterator[tuple[Desk, Clock]]:
    """Have an issuer after its first start, with two more programs."""
    clock = Clock()
    async with issuer(ORIGIN, dsn, folder, clock=clock) as made:
        password = await make_first(made, folder)
        assert password is not None
        (administrator,) = await made.users.all()
        await made.users.set_password(administrator.id, QUICK.hash(password))
        await made.clients.put(
            Client(SERVICE, "exports", "main", ["read", "export"], digest(SERVICE_SECRET), (), ())
        )
        await made.clients.put(Client(OTHER, "another", "main", OF_PERSON, None, [OTHER_BACK], ()))
        yield Desk(made, password, folder), clock


def at_desk(dsn: str, folder: Path, story: Callable[[Desk, Clock], Awaitable[Any]]) -> None:
    """Let a story happen."""

    async def tell() -> None:
        async with desk(dsn, folder) as (one, clock):
            await story(one, clock)

    asyncio.run(tell())


def _goes_on(answer: httpx.Response) -> bool:
    return answer.is_redirect and answer.headers["location"].startswith("/issuer/")
