"""Who sends a request, and what is told to somebody whom nobody knows? (RFC 6750)"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.access import DEVELOPMENT, Principal

PRINCIPAL = "registrar.principal"
"""Under this name the principal stands in the scope of a request."""

Identify = Callable[[HTTPConnection], Awaitable[Principal]]
"""Says who sends a request."""


def principal_of(request: HTTPConnection) -> Principal:
    """Return who sends this request, which ``Authenticated`` has found out."""
    return cast("Principal", request.scope[PRINCIPAL])


class Authenticated:
    """ASGI middleware that knows who sends a request before anything else looks at it."""

    def __init__(self, app: ASGIApp, identify: Identify) -> None:
        self._app = app
        self._identify = identify

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its principal."""
        if scope["type"] == "http":
            scope[PRINCIPAL] = await self._identify(HTTPConnection(scope))
        await self._app(scope, receive, send)


def everybody_is(principal: Principal) -> Identify:
    """Return what takes everybody for this one."""

    async def identify(_: HTTPConnection) -> Principal:
        return principal

    return identify


def open_to_all(app: ASGIApp) -> ASGIApp:
    """Return the application as it is while access control is off: everybody is the developer."""
    return Authenticated(app, everybody_is(DEVELOPMENT))
