"""How does the server run in a terminal, from the first line to the last?"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp

from infra.compose import Registrar, embedded
from infra.importers.oulad import example
from infra.process import calm_garbage_collection
from infra.settings import Settings
from infra.web.apps import full_app
from infra.web.limits import BoundedProtocol, BoundedServer

SHUTDOWN_SECONDS_MAX = 5
BACKLOG = 1024


def uvicorn_config(app: ASGIApp) -> uvicorn.Config:
    """Return the configuration of every server of ours."""
    return uvicorn.Config(
        app,
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


def serve(settings: Settings) -> None:
    """Serve until Ctrl-C or SIGTERM. Raises OSError, EngineError or MigrationError."""
    with listen(settings.host, settings.port) as bound:
        runner = asyncio.Runner(loop_factory=_loop)
        with runner, suppress(asyncio.CancelledError):
            runner.run(_serve(settings, bound))


def _loop() -> asyncio.AbstractEventLoop:
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


class _Stop:
    """What Ctrl-C and SIGTERM do: end the server once there is one, and the start before that."""

    def __init__(self) -> None:
        self.server: uvicorn.Server | None = None
        self._main = asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._asked)

    def _asked(self) -> None:
        if self.server is not None:
            self.server.force_exit = self.server.should_exit
            self.server.should_exit = True
        elif self._main is not None:
            self._main.cancel()


async def _serve(settings: Settings, bound: socket.socket) -> None:
    stop = _Stop()
    started = time.monotonic()
    where = settings.folder if settings.database_url is None else "the database that is set"
    _say(f"registrar: data in {where}")
    async with embedded(settings) as registrar:
        server = BoundedServer(
            uvicorn_config(full_app(registrar.commands, registrar.reads, registrar.metrics))
        )
        stop.server = server
        calm_garbage_collection()
        bound.listen(BACKLOG)
        serving = asyncio.create_task(server.serve([bound]))
        host, port = bound.getsockname()[:2]
        at = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        _say(f"  ready in {time.monotonic() - started:.1f} s")
        _say(f"  console             {at}/console")
        _say(f"  API documentation   {at}/docs")
        _say(f"  read API            {at}/v1/runs")
        loading = asyncio.create_task(_example(settings, registrar))
        _say("  Ctrl-C stops it; nothing is lost")
        try:
            await serving
        finally:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
    _say("registrar: stopped")


async def _example(settings: Settings, registrar: Registrar) -> None:
    """Give an empty log a real course run; go on where an earlier start was interrupted."""
    if not settings.example or not await example.wanted(registrar):
        return
    _say(f"  loading OULAD run {example.RUN} as an example …")
    started = time.monotonic()
    commands = await example.load(registrar)
    _say(f"  loaded: {commands:,} commands in {time.monotonic() - started:.1f} s")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
