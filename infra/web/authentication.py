"""Who sends a request, and what is told to somebody whom nobody knows? (RFC 6750, RFC 9457)"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol, cast
from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.access import DEVELOPMENT, INSTALLATION, Principal
from infra.identity.errors import IssuerUnavailable, WrongToken
from infra.security_log import tell
from infra.web.open_paths import is_open
from infra.web.problems import known
from infra.web.rates import Rates, address_of, too_many
from infra.web.refusals import telling
from infra.web.streams import EVENTS, LOOKED_AT_EVERY_SECONDS, while_it_holds
from projections.ports import StoreUnavailable

PRINCIPAL = "registrar.principal"
"""Under this name the principal stands in the scope of a request."""
SIGN_IN = "/console/sign-in"
ANONYMOUS = Principal("anonymous", INSTALLATION, "anonymous", frozenset(), scopes=frozenset())
"""Whoever asks for what is open to all. Nothing else is permitted to them."""

Identify = Callable[[HTTPConnection], Awaitable[Principal]]
"""Says who sends a request. Raises NotSignedIn, TwoTokens, WrongToken, IssuerUnavailable or
StoreUnavailable."""

_log = logging.getLogger(__name__)


class NotSignedIn(Exception):
    """A request does not say who sends it."""


class TwoTokens(Exception):
    """A request carries a token where none belongs, or more than one. One sentence."""


_UNKNOWN = (NotSignedIn, TwoTokens, WrongToken, IssuerUnavailable, StoreUnavailable)


class Tokens(Protocol):
    """Knows whom tokens speak of."""

    async def of(self, token: bytes) -> Principal:
        """Return whom. Raises WrongToken, IssuerUnavailable or StoreUnavailable."""


class Sessions(Protocol):
    """Keeps the tokens of those who signed in with a browser."""

    async def token(self, request: HTTPConnection) -> bytes | None:
        """Return the access token that is kept for this browser; None: nobody is signed in.

        Raises IssuerUnavailable or StoreUnavailable where that cannot be found out.
        """


def principal_of(request: HTTPConnection) -> Principal:
    """Return who sends this request, which ``Authenticated`` has found out."""
    return cast("Principal", request.scope[PRINCIPAL])


class Authenticated:
    """ASGI middleware that knows who sends a request before anything else looks at it.

    ``rates`` bound how often an address may fail; ``turned_away`` is told the problem's name.
    A stream of events is looked at again while it goes on, and ends when its sender is no longer
    who they were: with the token or session, and with any change of roles.
    """

    def __init__(
        self,
        app: ASGIApp,
        identify: Identify,
        rates: Rates,
        turned_away: Callable[[str], None],
        looked_at_every_seconds: float = LOOKED_AT_EVERY_SECONDS,
    ) -> None:
        self._app = app
        self._identify = identify
        self._rates = rates
        self._turned_away = turned_away
        self._seconds = looked_at_every_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its principal, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        if is_open(scope):
            scope[PRINCIPAL] = ANONYMOUS
            await self._app(scope, receive, send)
            return
        try:
            principal = await self._identify(request)
        except _UNKNOWN as error:
            await (await self._refusal(request, error))(scope, receive, send)
            return
        scope[PRINCIPAL] = principal
        send = telling(principal, scope, send)

        async def holds() -> bool:
            return await self._is_still(principal, request)

        if scope["path"] == EVENTS:
            await while_it_holds(self._app, holds, self._seconds, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _is_still(self, principal: Principal, request: HTTPConnection) -> bool:
        """Whether a request is still from the same one, who may still do the same."""
        try:
            return await self._identify(request) == principal
        except _UNKNOWN as error:
            _log.info("a stream of events ends: %s", type(error).__name__)
            return False

    async def _refusal(self, request: HTTPConnection, error: Exception) -> ASGIApp:
        match error:
            case IssuerUnavailable():
                kind = "issuer-unavailable"
                _log.warning("answered %s: %s", kind, error)
                self._turned_away(kind)
                return known(kind, "Whether you are who you say cannot be found out now.")
            case StoreUnavailable():
                kind = "store-unavailable"
                _log.warning("answered %s: %s", kind, error)
                self._turned_away(kind)
                return known(kind, "Who you are here cannot be looked up now.")
        if isinstance(error, (TwoTokens, WrongToken)):
            tell("token-wrong", why=str(error), address=address_of(request.scope))
        wait = await self._rates.failed(address_of(request.scope))
        if wait > 0:
            self._turned_away("too-many-requests")
            return too_many(wait)
        if isinstance(error, TwoTokens):
            self._turned_away("two-tokens")
            return known("two-tokens", str(error), _challenge("invalid_request", str(error)))
        kind = "wrong-token" if isinstance(error, WrongToken) else "not-signed-in"
        self._turned_away(kind)
        if _is_page(request):
            return RedirectResponse(f"{SIGN_IN}?next={quote(_asked(request), safe='')}", 303)
        if isinstance(error, WrongToken):
            return known(kind, str(error), _challenge("invalid_token", str(error)))
        return known(kind, "Send an access token as Authorization: Bearer …", _challenge())


class ByToken:
    """Identifies by the access token in the header, or the one that is kept for a browser."""

    def __init__(self, tokens: Tokens, sessions: Sessions | None = None) -> None:
        self._tokens = tokens
        self._sessions = sessions

    async def __call__(self, request: HTTPConnection) -> Principal:
        """Say who sends a request."""
        token = bearer(request.scope)
        if token is None and self._sessions is not None:
            token = await self._sessions.token(request)
        if token is None:
            raise NotSignedIn
        return await self._tokens.of(token)


def bearer(scope: Scope) -> bytes | None:
    """Return the token of a request's header; None: it carries none. Raises TwoTokens or
    WrongToken."""
    found: bytes | None = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            if found is not None:
                raise TwoTokens("The request carries more than one Authorization header.")
            found = value
    if b"access_token" in scope["query_string"]:
        raise TwoTokens("A token belongs into the Authorization header, never into an address.")
    if found is None:
        return None
    scheme, _, token = found.partition(b" ")
    if scheme.lower() != b"bearer" or not token.strip():
        raise WrongToken("The Authorization header holds no bearer token.")
    return bytes(token.strip())


async def nobody_comes_in(_: HTTPConnection) -> Principal:
    """Refuse everybody: there is no issuer that could say who they are. Raises NotSignedIn."""
    raise NotSignedIn


def everybody_is(principal: Principal) -> Identify:
    """Return what takes everybody for this one."""

    async def identify(_: HTTPConnection) -> Principal:
        return principal

    return identify


def open_to_all(app: ASGIApp) -> ASGIApp:
    """Return the application as it is while access control is off: everybody is the developer."""
    return identified(app, everybody_is(DEVELOPMENT))


def identified(app: ASGIApp, identify: Identify) -> ASGIApp:
    """Return the application behind what says who asks, without bounds on how often."""
    return Authenticated(app, identify, Rates(), lambda _: None)


def _is_page(request: HTTPConnection) -> bool:
    """Whether somebody looks at a page, and can be led to where one signs in."""
    scope = request.scope
    path = scope["path"]
    return (
        scope["method"] in ("GET", "HEAD")
        and (path == "/" or path == "/console" or path.startswith("/console/"))
        and "text/html" in request.headers.get("accept", "")
        and "authorization" not in request.headers
    )


def _asked(request: HTTPConnection) -> str:
    query = request.scope["query_string"].decode("latin-1")
    path = quote(request.scope["path"])
    return f"{path}?{query}" if query else path


def _challenge(error: str | None = None, detail: str = "") -> dict[str, str]:
    told = 'Bearer realm="registrar"'
    if error is not None:
        told += f', error="{error}", error_description="{detail}"'
    return {"www-authenticate": told, "cache-control": "no-store"}
