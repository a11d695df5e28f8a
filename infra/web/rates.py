"""How much may one client send, and one person, and what is told to one that sends more?"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.access import DEVELOPMENT, Principal
from infra.settings.fields import Settings
from infra.web.open_paths import is_open
from infra.web.problems import known


class Limits(Protocol):
    """Counts the requests of clients: so many a second in the long run, so many at once."""

    async def take(self, client: str) -> float:
        """Count a request. Return 0 where it is allowed, else in how many seconds one will be.

        Never raises.
        """


class Rates(NamedTuple):
    """The limits of programs, and of whoever is responsible for what they send. None: any number.

    A request counts for both. Who is not known counts by address, as a program does.
    """

    clients: Limits | None = None
    actors: Limits | None = None

    async def take(self, scope: Scope, asking: Principal) -> float:
        """Count a request, as ``Limits.take`` does. Who has sent too many takes nothing from others
        that use the same program."""
        if asking is DEVELOPMENT:
            return await self.failed(address_of(scope))
        if self.actors is not None:
            wait = await self.actors.take(f"actor/{asking.tenant}/{asking.actor}")
            if wait > 0:
                return wait
        if self.clients is not None:
            return await self.clients.take(f"client/{asking.tenant}/{asking.client}")
        return 0.0

    async def failed(self, address: str) -> float:
        """Count a request of somebody who is not known."""
        return 0.0 if self.clients is None else await self.clients.take(f"address/{address}")


def rates(settings: Settings, limits: Callable[[int, int], Limits]) -> Rates:
    """Return the limits that are set, each made of so many a second and so many at once."""
    of_clients, of_actors = settings.rate_limit_per_second, settings.actor_rate_limit_per_second
    return Rates(
        limits(of_clients, settings.rate_limit_burst) if of_clients else None,
        limits(of_actors, settings.actor_rate_limit_burst) if of_actors else None,
    )


class Limited:
    """ASGI middleware that answers 429 to those that send more than is allowed. A batch of commands
    is one request; what is open to all does not count. ``refused`` is told of each."""

    def __init__(
        self,
        app: ASGIApp,
        rates: Rates,
        asking: Callable[[HTTPConnection], Principal],
        refused: Callable[[], None],
    ) -> None:
        self._app = app
        self._rates = rates
        self._asking = asking
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http" or is_open(scope):
            await self._app(scope, receive, send)
            return
        seconds = await self._rates.take(scope, self._asking(HTTPConnection(scope)))
        if seconds <= 0:
            await self._app(scope, receive, send)
            return
        self._refused()
        await too_many(seconds)(scope, receive, send)


def limited(
    app: ASGIApp,
    rates: Rates,
    asking: Callable[[HTTPConnection], Principal],
    refused: Callable[[], None],
) -> ASGIApp:
    """Return the application behind these limits, or as it is where there are none."""
    return app if rates == Rates() else Limited(app, rates, asking, refused)


def too_many(seconds: float) -> Response:
    """Return what is told to somebody who has to wait for so long."""
    wait = math.ceil(seconds)
    return known(
        "too-many-requests",
        f"Send the next one in {wait} s.",
        {"retry-after": str(wait)},
        rule="too-many-requests",
    )


def address_of(scope: Scope) -> str:
    """Return the address that a request comes from."""
    client = scope.get("client")
    return client[0] if client else ""
