"""Which addresses has signing in and out?"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from urllib.parse import urlsplit

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.identity.errors import IssuerUnavailable
from infra.security_log import tell
from infra.sign_in.client import Attempt, Client, NotGiven
from infra.sign_in.pages import SignInPages
from infra.sign_in.sessions import Sessions
from infra.sign_in.wanted import wanted
from infra.web.rates import address_of
from projections.ports import StoreUnavailable

SIGN_IN, CALLBACK = "/console/sign-in", "/console/callback"
SIGN_OUT, SIGNED_OUT = "/console/sign-out", "/console/signed-out"
ADDRESSES = frozenset({SIGN_IN, CALLBACK, SIGN_OUT, SIGNED_OUT})
ATTEMPT_SECONDS = 600
STATE_LETTERS = 8

Handler = Callable[[Request], Awaitable[Response]]


class SignIn:
    """Sends people to the issuer, takes them back, and lets them go. ``origin`` is the server's
    address as browsers know it, ``strong_classes`` what is asked for where a second factor is
    needed (``acr_values``)."""

    def __init__(
        self,
        client: Client,
        sessions: Sessions,
        origin: str,
        strong_classes: Sequence[str],
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._sessions = sessions
        self._origin = origin
        self._strong_classes = strong_classes
        self._clock = clock
        self._pages = SignInPages()
        self._secure = origin.startswith("https:")

    def app(self) -> Starlette:
        """Return the application that answers these addresses."""
        return Starlette(
            routes=[
                Route(SIGN_IN, self._guarded(self._sign_in)),
                Route(CALLBACK, self._guarded(self._callback)),
                Route(SIGN_OUT, self._guarded(self._sign_out), methods=["POST"]),
                Route(SIGNED_OUT, self._guarded(self._signed_out)),
            ]
        )

    async def _sign_in(self, request: Request) -> Response:
        """Send the browser to the issuer. Who came by another name of this machine begins anew
        under the one that the issuer knows, for cookies belong to a name."""
        if request.headers.get("host") != urlsplit(self._origin).netloc:
            query = f"?{request.url.query}" if request.url.query else ""
            return self._pages.go(f"{self._origin}{SIGN_IN}{query}")
        attempt = self._client.attempt(wanted(request.query_params.get("next")))
        strong = request.query_params.get("strong") == "true"
        classes = " ".join(self._strong_classes) if strong else None
        answer = self._pages.go(await self._client.address(attempt, classes))
        encoded = urlsafe_b64encode(msgspec.json.encode(attempt)).decode()
        self._set(answer, self._attempts(attempt.state), encoded, ATTEMPT_SECONDS)
        return answer

    async def _callback(self, request: Request) -> Response:
        """Take somebody back from the issuer."""
        given = request.query_params
        state = given.get("state", "")
        attempt = self._attempt(request, state)
        if attempt is None:
            return self._pages.failed(
                403, "This was not begun in this browser, or too long ago.", None
            )
        if given.get("iss", self._client.issuer.url) != self._client.issuer.url:
            return self._pages.failed(403, "The answer is of another issuer.", attempt.wanted)
        if "code" not in given:
            told = "Whoever was to say who you are did not."
            return self._pages.failed(403, told, attempt.wanted)
        try:
            signed_in = await self._client.signed_in(attempt, given["code"], self._clock())
        except NotGiven as error:
            tell("session-not-begun", why=str(error), address=address_of(request.scope))
            return self._pages.failed(403, str(error), attempt.wanted)
        before = request.cookies.get(self._sessions.cookie)
        secret = await self._sessions.begin(signed_in, before)
        tell("session-begun", user=signed_in.subject, address=address_of(request.scope))
        answer = self._pages.go(wanted(attempt.wanted))
        self._set(answer, self._sessions.cookie, secret, None)
        self._drop(answer, self._attempts(state))
        return answer

    async def _sign_out(self, request: Request) -> Response:
        """End the session here, then at the issuer. That the form is ours was looked at before."""
        found = await self._sessions.held(request)
        everywhere = request.query_params.get("everywhere") == "true"
        address = SIGNED_OUT
        if found is not None:
            secret, held = found
            await self._sessions.end(secret, everywhere=everywhere)
            tell("session-ended", everywhere=everywhere, address=address_of(request.scope))
            try:
                address = await self._client.sign_out_address(held, everywhere)
            except IssuerUnavailable:
                address = SIGNED_OUT
        answer = self._pages.leaving(address)
        self._drop(answer, self._sessions.cookie)
        return answer

    async def _signed_out(self, _: Request) -> Response:
        return self._pages.signed_out()

    def _attempt(self, request: Request, state: str) -> Attempt | None:
        try:
            encoded = request.cookies[self._attempts(state)]
            attempt = msgspec.json.decode(urlsafe_b64decode(encoded), type=Attempt)
        except (KeyError, ValueError):
            return None
        return attempt if hmac.compare_digest(attempt.state, state) else None

    def _attempts(self, state: str) -> str:
        """Return the name of the cookie of an attempt: there may be several at once, in tabs."""
        letters = "".join(letter for letter in state if letter.isalnum())[:STATE_LETTERS]
        return f"{self._sessions.cookie}-{letters}"

    def _set(self, answer: Response, name: str, value: str, seconds: int | None) -> None:
        answer.set_cookie(
            name, value, seconds, secure=self._secure, httponly=True, samesite="lax", path="/"
        )

    def _drop(self, answer: Response, name: str) -> None:
        answer.delete_cookie(name, secure=self._secure, httponly=True, samesite="lax")

    def _guarded(self, handle: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except (IssuerUnavailable, StoreUnavailable):
                told = "Whoever says who you are does not answer. What is recorded stays recorded."
                return self._pages.failed(503, told, request.query_params.get("next"))

        return answer
