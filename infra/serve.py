"""How does the server run in a terminal, from the first line to the last?"""

from __future__ import annotations

import asyncio
import socket
import time

import uvicorn
from starlette.types import ASGIApp

from infra.cache.memory import MemoryLimits
from infra.compose.embedded import Registrar, embedded
from infra.importers.oulad import example
from infra.importers.oulad.embedded import EmbeddedSender
from infra.issuer.first_start import about_password
from infra.process import Stop, calm_garbage_collection, run, say
from infra.security_log import on_standard_error
from infra.settings.fields import Settings
from infra.web.apps import full_app
from infra.web.authentication import Authenticated, principal_of
from infra.web.guard import Guard, open_to_origins
from infra.web.limits import BoundedProtocol, BoundedServer
from infra.web.rates import limited, rates

SHUTDOWN_SECONDS_MAX = 5
BACKLOG = 1024


def uvicorn_config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """Return the configuration of every server of ours."""
    return uvicorn.Config(
        Guard(
            open_to_origins(app, settings.cors_origins),
            over_tls=(settings.public_url or "").startswith("https://"),
        ),
        http=BoundedProtocol,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS_MAX,
    )


def listen(host: str, port: int) -> socket.socket:
    """Bind before anything is started, so that a taken port is known at once. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def url_of(bound: socket.socket) -> str:
    """Return the address that a bound socket is reached at."""
    host, port = bound.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def begin(server: BoundedServer, bound: socket.socket, stop: Stop) -> asyncio.Task[None]:
    """Serve from now on, until the task ends because ``stop`` was asked for."""

    def end() -> None:
        server.force_exit = server.should_exit
        server.should_exit = True

    stop.end = end
    on_standard_error()
    calm_garbage_collection()
    bound.listen(BACKLOG)
    return asyncio.create_task(server.serve([bound]))


def serve(settings: Settings) -> None:
    """Serve until Ctrl-C or SIGTERM. Raises OSError, EngineError or MigrationError."""
    with listen(settings.host, settings.port) as bound:
        run(_serve(settings, bound))


async def _serve(settings: Settings, bound: socket.socket) -> None:
    stop = Stop()
    started = time.monotonic()
    where = settings.folder if settings.database_url is None else "the database that is set"
    say(f"registrar: data in {where}")
    origin = settings.public_url or url_of(bound)
    async with embedded(settings, origin) as registrar:
        app = full_app(registrar.commands.dependencies, registrar.reads, registrar.metrics)
        bounds = rates(settings, MemoryLimits)
        counted = limited(app, bounds, principal_of, registrar.metrics.limited.inc)
        known = Authenticated(counted, registrar.identify, bounds, registrar.metrics.unknown)
        front = registrar.entrance.front(known)
        serving = begin(BoundedServer(uvicorn_config(front, settings)), bound, stop)
        at = url_of(bound)
        say(f"  ready in {time.monotonic() - started:.1f} s")
        say(f"  console             {at}/console")
        say(f"  API documentation   {at}/docs")
        say(f"  read API            {at}/v1/runs")
        if registrar.entrance.password is not None:
            for line in about_password(registrar.entrance.password):
                say(line)
        loading = asyncio.create_task(_example(settings, registrar))
        say("  Ctrl-C stops it; nothing is lost")
        try:
            await serving
        finally:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
    say("registrar: stopped")


async def _example(settings: Settings, registrar: Registrar) -> None:
    """Give an empty log a real course run; go on where an earlier start was interrupted."""
    if not settings.example or not await example.wanted(registrar.commands.log):
        return
    say(f"  loading OULAD run {example.RUN} as an example …")
    started = time.monotonic()
    commands = await example.load(EmbeddedSender(registrar.commands.batch))
    say(f"  loaded: {commands:,} commands in {time.monotonic() - started:.1f} s")
