"""How are the command API, the read API and the console put together into one application?"""

from __future__ import annotations

import time
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline
from starlette.types import Message, Receive, Scope, Send

from commands import openapi as command_openapi
from commands.app import PREFIX, CommandApi, CommandDependencies
from infra.web import problems
from infra.web.metrics import Metrics
from read_api import app as read_api
from read_api.console import pages
from read_api.dependencies import ReadDependencies

TITLE = "registrar"
DESCRIPTION = """The learning record: commands in, facts in an append-only log, readings out.

Every command answers with the position that it reached; a query takes it as `min_position`, and
then answers with this write in it. Problems are RFC 9457 documents; each `type` explains itself."""


class Front:
    """Sends commands to the command API, and everything else to FastAPI."""

    def __init__(self, commands: CommandApi, others: FastAPI, metrics: Metrics) -> None:
        self._commands = commands
        self._others = others
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope.get("path", "")
        if not path.startswith(PREFIX) or path[len(PREFIX) : len(PREFIX) + 1] not in ("", "/"):
            await self._others(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._commands(scope, receive, noting)
        except Exception as error:
            await problems.internal(path, error)(scope, receive, noting)
        finally:
            route = PREFIX if path == PREFIX else f"{PREFIX}/{{name}}"
            self._metrics.request(scope["method"], route, status, time.perf_counter() - began)


def full_app(commands: CommandDependencies, reads: ReadDependencies, metrics: Metrics) -> Front:
    """Return the application that serves everything."""
    app = FastAPIOffline(
        redoc_url=None, title=TITLE, version="1", description=DESCRIPTION, redirect_slashes=False
    )
    app.include_router(read_api.router(reads))
    app.include_router(pages.router(reads), include_in_schema=False)
    problems.install(app)
    metrics.install(app, reads)
    _describe(app, commands)
    return Front(CommandApi(commands), app, metrics)


def _describe(app: FastAPI, commands: CommandDependencies) -> None:
    """Add the commands to the OpenAPI document, which FastAPI makes of its own routes only."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
            )
            paths, schemas = command_openapi.document(commands.reader.decisions)
            schema["paths"] = {**paths, **schema["paths"]}
            schema.setdefault("components", {}).setdefault("schemas", {}).update(schemas)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
