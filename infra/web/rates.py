"""How many requests may one client send, and what is told to one that sends more?"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.access import DEVELOPMENT, Principal
from infra.web.problems import known

PREFIX = "/v1/"
"""Commands and queries count; probes, metrics and the console do not."""


class Limits(Protocol):
    """Counts the requests of clients: so many a second in the long run, so many at once."""

    async def take(self, client: str) -> float:
        """Count a request. Return 0 where it is allowed, else in how many seconds one will be.

        Never raises.
        """


class Limited:
    """ASGI middleware that answers 429 to clients that send more than is allowed. A batch of
    commands is one request. ``refused`` is told of each."""

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        asking: Callable[[HTTPConnection], Principal],
        refused: Callable[[], None],
    ) -> None:
        self._app = app
        self._limits = limits
        self._asking = asking
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        seconds = await self._limits.take(client_of(scope, self._asking))
        if seconds <= 0:
            await self._app(scope, receive, send)
            return
        self._refused()
        wait = math.ceil(seconds)
        answer = known(
            "too-many-requests",
            f"Send the next one in {wait} s.",
            {"retry-after": str(wait)},
            rule="too-many-requests",
        )
        await answer(scope, receive, send)


def limited(
    app: ASGIApp,
    limits: Limits | None,
    asking: Callable[[HTTPConnection], Principal],
    refused: Callable[[], None],
) -> ASGIApp:
    """Return the application behind these limits, or as it is where there are none."""
    return app if limits is None else Limited(app, limits, asking, refused)


def client_of(scope: Scope, asking: Callable[[HTTPConnection], Principal]) -> str:
    """Name whose request it is: the principal's program; while everybody is the developer, because
    access control is off, the address that it comes from."""
    principal = asking(HTTPConnection(scope))
    if principal is DEVELOPMENT:
        address = scope.get("client")
        return f"address/{address[0] if address else ''}"
    return f"client/{principal.tenant}/{principal.client}"
