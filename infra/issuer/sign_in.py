"""How does a person sign in: with a password, and with a phone?"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.issuer.asked import read_asked, step
from infra.issuer.authorize import follows, signed_in
from infra.issuer.guarded import guarded, too_many
from infra.issuer.guesses import of_account, of_second_factor
from infra.issuer.model import ONE_TIME, PASSWORD, RECOVERY, Session
from infra.issuer.pages import Pages
from infra.issuer.parts import PATH, Issuer
from infra.issuer.second_factor import plain, taken_step
from infra.issuer.secrets import digest
from infra.issuer.users import plain_name
from infra.security_log import tell
from infra.web.rates import address_of

WRONG = "The name or the password is not right."
WRONG_CODE = "This code is not right, or was used already."


class SignIn:
    """The pages for password and second factor."""

    def __init__(self, issuer: Issuer, pages: Pages) -> None:
        self._issuer = issuer
        self._pages = pages

    def routes(self) -> list[Route]:
        """Return the addresses of the pages."""
        methods = ["GET", "POST"]
        return [
            Route(f"{PATH}/sign-in", guarded(self._pages, self._sign_in), methods=methods),
            Route(
                f"{PATH}/second-factor", guarded(self._pages, self._second_factor), methods=methods
            ),
        ]

    async def _sign_in(self, request: Request) -> Response:
        asked = await read_asked(self._issuer, request.url.query)
        told: dict[str, Any] = {
            "client": asked.client.name,
            "origin": asked.origin,
            "name": "",
        }
        if request.method == "GET":
            return self._pages.show(request, "sign-in.html", **told)
        fields = await self._pages.form(request)
        name, password = plain_name(fields.get("name", "")), fields.get("password", "")
        issuer, now = self._issuer, self._issuer.clock()
        address = address_of(request.scope)
        counted = of_account(name, address)
        wait = await issuer.guesses.take(counted, now)
        if wait:
            tell("password-not-looked-at", address=address, wait_seconds=wait)
            return self._pages.show(
                request, "sign-in.html", 429, wait=wait, wrong=too_many(wait), **told
            )
        user = await issuer.users.named(name)
        fits = await issuer.passwords.fits(user and user.password, password)
        if user is None or not fits or user.disabled:
            tell("password-wrong", user=user and user.id, address=address)
            return self._pages.show(request, "sign-in.html", 403, wrong=WRONG, **told)
        await issuer.guesses.clear(counted, now)
        before = await signed_in(issuer, request)
        if before is not None:
            await issuer.sessions.end(before)
        session = await issuer.sessions.begin(user, [PASSWORD], now)
        tell("password-right", user=user.id, address=address)
        wanted = "enrol" if user.second_factor is None else "second-factor"
        return self._pages.go(step(wanted, request.url.query), session)

    async def _second_factor(self, request: Request) -> Response:
        issuer, query = self._issuer, request.url.query
        asked = await read_asked(issuer, query)
        session = await signed_in(issuer, request)
        if session is None:
            return self._pages.go(step("sign-in", query))
        if follows(asked, session) != "second-factor":
            return self._pages.go(step("authorize", query))
        told: dict[str, Any] = {"name": session.user.name, "origin": asked.origin}
        if request.method == "GET":
            return self._pages.show(request, "second-factor.html", **told)
        fields = await self._pages.form(request)
        counted, now = of_second_factor(session.user.id), issuer.clock()
        wait = await issuer.guesses.take(counted, now)
        about = {"user": session.user.id, "address": address_of(request.scope)}
        if wait:
            tell("second-factor-not-looked-at", **about, wait_seconds=wait)
            return self._pages.show(
                request, "second-factor.html", 429, wait=wait, wrong=too_many(wait), **told
            )
        method = await self._given(session, fields.get("code", ""))
        if method is None:
            tell("second-factor-wrong", **about)
            return self._pages.show(request, "second-factor.html", 403, wrong=WRONG_CODE, **told)
        await issuer.guesses.clear(counted, now)
        stronger = await issuer.sessions.strengthen(session, method)
        tell("second-factor-right", **about, method=method)
        return self._pages.go(step("authorize", query), stronger)

    async def _given(self, session: Session, code: str) -> str | None:
        """Use a code up, and return what it is of. None: it is not good."""
        issuer, user = self._issuer, session.user
        if user.second_factor is None:
            return None
        secret = issuer.keys.sealing.open(user.second_factor, user.id.encode()).decode()
        used = taken_step(secret, code, user.second_factor_step, issuer.clock())
        if used is not None:
            return ONE_TIME if await issuer.users.take_step(user.id, used) else None
        if await issuer.users.take_recovery_code(user.id, digest(plain(code))):
            return RECOVERY
        return None
