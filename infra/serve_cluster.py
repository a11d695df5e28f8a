"""How do the APIs of a cluster run, each in a process of its own or both in one?"""

from __future__ import annotations

import socket
from contextlib import AsyncExitStack
from typing import Literal

from starlette.types import ASGIApp

from infra.cache.sharing import Sharing, sharing
from infra.compose.cluster import command_api, identifying_alone, query_api
from infra.compose.signing_in import Entrance, signing_in
from infra.compose.stores import address
from infra.issuer.first_start import about_password
from infra.migrations import require
from infra.process import Stop, run, say
from infra.serve import begin, listen, url_of, uvicorn_config
from infra.settings.fields import Settings
from infra.web.apps import command_app, full_app, query_app
from infra.web.authentication import Authenticated, principal_of
from infra.web.leaving import Leaving
from infra.web.limits import BoundedServer
from infra.web.metrics import Metrics
from infra.web.rates import limited

Only = Literal["commands", "queries"]
LAME_DUCK_SECONDS = 1.0
"""So long a process that was told to end still answers everybody, so that whoever sends requests
can see that it leaves: by the 503 at /readyz, and as every answer closes its connection."""


def serve_cluster(settings: Settings, only: Only | None) -> None:
    """Serve one API or both until Ctrl-C or SIGTERM. The database is migrated already.

    Raises OSError, MigrationError, or what PostgreSQL raises.
    """
    require(address(settings))
    with listen(settings.host, settings.port) as bound:
        run(_serve(settings, only, bound))


async def _serve(settings: Settings, only: Only | None, bound: socket.socket) -> None:
    stop = Stop()
    async with AsyncExitStack() as parts:
        app = await _app(settings, only, settings.public_url or url_of(bound), parts)
        server = BoundedServer(uvicorn_config(Leaving(app, lambda: server.should_exit), settings))
        server.lame_duck_seconds = LAME_DUCK_SECONDS
        serving = begin(server, bound, stop)
        at = url_of(bound)
        if only != "queries":
            say(f"registrar: commands at {at}/v1/commands")
        if only != "commands":
            say(f"registrar: queries at {at}/v1/runs, console at {at}/console")
        await serving
    say("registrar: stopped")


async def _app(
    settings: Settings, only: Only | None, origin: str, parts: AsyncExitStack
) -> ASGIApp:
    shared = await parts.enter_async_context(sharing(settings, address(settings)))
    metrics = Metrics()
    if shared.reachable is not None:
        metrics.redis(shared.reachable)
    app = await _unlimited(settings, only, parts, shared, metrics)
    entrance = Entrance(settings, None, lambda inside: inside)
    if only != "commands":
        entrance = await parts.enter_async_context(signing_in(settings, address(settings), origin))
    if entrance.password is not None:
        for line in about_password(entrance.password):
            say(line)
    identify = await parts.enter_async_context(
        identifying_alone(entrance.settings, entrance.sessions)
    )
    counted = limited(app, shared.rates, principal_of, metrics.limited.inc)
    return entrance.front(Authenticated(counted, identify, shared.rates, metrics.unknown))


async def _unlimited(
    settings: Settings,
    only: Only | None,
    parts: AsyncExitStack,
    shared: Sharing,
    metrics: Metrics,
) -> ASGIApp:
    if only == "queries":
        reads = await parts.enter_async_context(query_api(settings, shared))
        return query_app(reads, metrics, hot=shared.hot)
    commands = await parts.enter_async_context(command_api(settings, metrics, shared))
    if only == "commands":
        return command_app(commands.dependencies, commands.log, metrics)
    reads = await parts.enter_async_context(query_api(settings, shared))
    return full_app(commands.dependencies, reads, metrics, shared.hot)
