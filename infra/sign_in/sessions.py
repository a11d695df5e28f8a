"""Who is signed in with this browser, and with which token do they ask?"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from starlette.requests import HTTPConnection

from infra.identity.errors import IssuerUnavailable
from infra.issuer.secrets import digest, form_token, new_secret
from infra.sign_in.client import Client, Given, NotGiven
from infra.sign_in.model import WHOLE, Held, Kept
from infra.sign_in.store import BrowserSessions, opened, seal
from read_api.console.signed_in import SIGNED_IN, SignedIn

BY_BROWSER = "registrar.by_browser"
"""Stands in the scope of a request for which the cookie counts: those of the console only."""
AHEAD_SECONDS = 60.0
"""So long before it expires an access token is replaced."""

_log = logging.getLogger(__name__)


class Sessions:
    """Implements ``infra.web.authentication.Sessions``: a cookie stands for tokens kept here."""

    def __init__(
        self,
        store: BrowserSessions,
        client: Client,
        cookie: str,
        clock: Callable[[], datetime],
    ) -> None:
        self.cookie = cookie
        self._store = store
        self._client = client
        self._clock = clock

    async def token(self, request: HTTPConnection) -> bytes | None:
        """Return the access token that is kept for this browser, and note in the scope who it is.
        None: nobody is signed in, or the request is none of the console's.

        Raises IssuerUnavailable or StoreUnavailable.
        """
        secret = request.cookies.get(self.cookie)
        if secret is None or BY_BROWSER not in request.scope:
            return None
        now = self._clock()
        kept = await self._store.find(secret, now)
        if kept is None:
            return None
        held = opened(secret, kept)
        if held is not None and kept.renew_at <= now:
            held = await self._renewed(secret)
        if held is None:
            return None
        request.scope[SIGNED_IN] = SignedIn(held.name, form_token(secret))
        return held.access_token.encode()

    async def held(self, request: HTTPConnection) -> tuple[str, Held] | None:
        """Return what is kept for a browser with what it is found by. None: nobody is signed in."""
        secret = request.cookies.get(self.cookie)
        kept = None if secret is None else await self._store.find(secret, self._clock())
        if secret is None or kept is None:
            return None
        held = opened(secret, kept)
        return None if held is None else (secret, held)

    async def begin(self, given: Given, before: str | None) -> str:
        """Begin a session, and return what the browser is to hold from now on. What it held
        ``before`` is worth nothing any more."""
        if before is not None:
            await self._store.end(before)
        secret, now = new_secret(), self._clock()
        await self._store.begin(
            Kept(
                digest(secret),
                self._client.issuer.url,
                given.subject,
                seal(secret, given.held),
                _renew_at(given, now),
                now,
                now + WHOLE,
            )
        )
        return secret

    async def end(self, secret: str, *, everywhere: bool) -> None:
        """End a session, or all that the same person has."""
        kept = await self._store.find(secret, self._clock()) if everywhere else None
        if kept is not None:
            await self._store.end_all(kept.issuer, kept.subject)
        await self._store.end(secret)

    async def _renewed(self, secret: str) -> Held | None:
        """Replace the access token, unless another request just did. None: the session has ended,
        for the issuer gives no more."""
        async with self._store.locked(secret) as locked:
            if locked is None:
                return None
            held, now = opened(secret, locked.kept), self._clock()
            if held is None or locked.kept.renew_at > now:
                return held
            try:
                given = await self._client.renewed(held, locked.kept.subject)
            except NotGiven:
                await locked.end()
                return None
            except IssuerUnavailable as error:
                if now < locked.kept.renew_at + timedelta(seconds=AHEAD_SECONDS):
                    _log.warning("a token is renewed at the next request: %s", error)
                    return held
                raise
            await locked.replace(seal(secret, given.held), _renew_at(given, now))
            return given.held


def _renew_at(given: Given, now: datetime) -> datetime:
    return now + timedelta(seconds=max(0.0, given.lasts_seconds - AHEAD_SECONDS))
