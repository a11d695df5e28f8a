"""Of what is made that people sign in with a browser?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
from starlette.types import ASGIApp

from infra.identity.discovery import HttpIssuer
from infra.identity.keys import IssuerKeys
from infra.issuer.app import issuer_app
from infra.issuer.first_start import make_first
from infra.issuer.parts import PATH, issuer, now
from infra.pools import async_pool
from infra.settings.fields import Settings
from infra.sign_in.client import Client, Program
from infra.sign_in.door import Door
from infra.sign_in.routes import CALLBACK, SIGNED_OUT, SignIn
from infra.sign_in.sessions import Sessions
from infra.sign_in.store import BrowserSessions

CONNECTIONS_MAX = 3


class Entrance(NamedTuple):
    """How browsers come in: ``sessions`` are of those who signed in (None: nobody does), ``front``
    is put before everything. ``settings`` name the issuer that is believed, which may be the one
    inside. ``password`` is the administrator's, where a first start made one."""

    settings: Settings
    sessions: Sessions | None
    front: Callable[[ASGIApp], ASGIApp]
    password: str | None = None


def of_development(settings: Settings, origin: str) -> Settings:
    """Return the settings of whoever believes the development issuer at this address."""
    return msgspec.structs.replace(
        settings,
        access="issuer",
        issuer=f"{origin}{PATH}",
        roles_claim="roles",
        tenant_claim="tenant",
    )


@asynccontextmanager
async def signing_in(settings: Settings, dsn: str, origin: str | None) -> AsyncIterator[Entrance]:
    """Have what lets browsers in for a while; ``origin`` is the server's address as they know it;
    None: none comes. Raises WrongKeys, WrongCredential or OSError."""
    if origin is None:
        yield Entrance(settings, None, lambda inside: inside)
        return
    if settings.access == "off":
        yield Entrance(settings, None, partial(Door, origin=origin))
        return
    async with AsyncExitStack() as parts:
        believed, own, password = settings, None, None
        if settings.access == "development":
            believed = of_development(settings, origin)
            made = issuer(origin, dsn, settings.folder, settings.audience)
            development = await parts.enter_async_context(made)
            password = await make_first(development, settings.folder)
            own = issuer_app(development)
        pool = await parts.enter_async_context(async_pool(dsn, CONNECTIONS_MAX))
        client = _client(believed, origin)
        sessions = Sessions(BrowserSessions(pool), client, _cookie(origin), now)
        strong = [one.strip() for one in settings.strong_acr.split(",") if one.strip()]
        app = SignIn(client, sessions, origin, strong, now).app()
        front = partial(Door, origin=origin, sign_in=app, cookie=sessions.cookie, issuer=own)
        yield Entrance(believed, sessions, front, password)


async def first_start(settings: Settings, dsn: str, origin: str) -> str | None:
    """Do what a first start does, for processes that begin later. Return the administrator's
    password, if there was nobody. Raises WrongKeys, WrongCredential or OSError."""
    async with issuer(origin, dsn, settings.folder, settings.audience) as development:
        return await make_first(development, settings.folder)


def _client(settings: Settings, origin: str) -> Client:
    authorities = settings.issuer_authorities
    source = HttpIssuer(settings.issuer or "", None if authorities is None else Path(authorities))
    program = Program(
        settings.console_client,
        settings.console_secret,
        f"{origin}{CALLBACK}",
        f"{origin}{SIGNED_OUT}",
    )
    return Client(source, IssuerKeys(source), program)


def _cookie(origin: str) -> str:
    """Return what the cookie of a session is called. Browsers do not tell ports apart."""
    parts = urlsplit(origin)
    return "__Host-registrar" if parts.scheme == "https" else f"registrar-{parts.port or 80}"
