"""How are the command API, the read API and the console put together into one application?"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from commands import openapi as command_openapi
from commands.app import PREFIX, CommandApi, CommandDependencies
from commands.ports import Log
from domain.access.queries import QUERIES
from infra.web import health, openapi, problem_handlers, problems
from infra.web.docs import documented
from infra.web.hot import HotAnswers
from infra.web.hot_entries import Hot
from infra.web.metrics import Metrics, look_at_log, look_at_readings
from infra.web.sending import PipelineSender
from read_api import app as read_api
from read_api.console import pages
from read_api.dependencies import ReadDependencies
from read_api.gate import Gate

TITLE = "registrar"
DESCRIPTION = """The learning record: commands in, facts in an append-only log, readings out.

Every command answers with the position that it reached; a query takes it as `min_position`, and
then answers with this write in it. Problems are RFC 9457 documents; each `type` explains itself."""


ONE = f"{PREFIX}/{{name}}"
"""How a single command's address is measured."""


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
        try:
            reply = await self._commands.reply(scope, receive)
            status = reply.status
            await reply.send(send)
        except Exception as error:
            await problem_handlers.internal(path, error)(scope, receive, send)
        finally:
            route = PREFIX if path == PREFIX else ONE
            self._metrics.request(scope["method"], route, status, time.perf_counter() - began)


def full_app(
    commands: CommandDependencies,
    reads: ReadDependencies,
    metrics: Metrics,
    hot: Hot | None = None,
) -> Front:
    """Return the application that serves everything."""
    reads = replace(reads, sender=PipelineSender(commands))
    app = query_app(reads, metrics, TITLE, hot)
    _describe(app, commands)
    return Front(CommandApi(commands), app, metrics)


def query_app(
    reads: ReadDependencies,
    metrics: Metrics,
    title: str = f"{TITLE}: read API",
    hot: Hot | None = None,
) -> FastAPI:
    """Return the application that answers queries and shows the console; answers that are the same
    for many are kept in ``hot``, if there is one."""
    app = documented(title, DESCRIPTION)
    app.include_router(read_api.router(reads))
    app.include_router(pages.router(reads), include_in_schema=False)
    _elsewhere(app, PREFIX, "commands are taken by a process with --only commands")
    problem_handlers.install(app)
    if hot is not None:
        gate = Gate(reads.principal, QUERIES, reads.reads)
        app.add_middleware(HotAnswers, hot=hot, gate=gate, noted=metrics.given)
    metrics.install(app, partial(look_at_readings, metrics, reads))
    _describe(app, None)
    return app


def command_app(commands: CommandDependencies, log: Log, metrics: Metrics) -> Front:
    """Return the application that takes commands and nothing else."""
    app = documented(f"{TITLE}: command API", DESCRIPTION)
    app.include_router(health.router(log))
    for path in ("/v1", "/console"):
        _elsewhere(app, path, "queries are answered by a process with --only queries")
    problem_handlers.install(app)
    metrics.install(app, partial(look_at_log, metrics, log))
    _describe(app, commands)
    return Front(CommandApi(commands), app, metrics)


def _elsewhere(app: FastAPI, path: str, hint: str) -> None:
    """Say of what another process of the cluster answers which one that is."""

    async def not_here(request: Request) -> Response:
        return problems.known("not-found", f"{request.url.path} is not answered here: {hint}.")

    for below in (path, f"{path}/{{rest:path}}"):
        app.add_api_route(below, not_here, methods=["GET", "POST"], include_in_schema=False)


def _describe(app: FastAPI, commands: CommandDependencies | None) -> None:
    """Add to the OpenAPI document, which FastAPI makes of its own routes only, the commands, and
    what holds for all."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
            )
            if commands is not None:
                paths, schemas = command_openapi.document(commands.reader.decisions)
                schema["paths"] = {**paths, **schema["paths"]}
                schema.setdefault("components", {}).setdefault("schemas", {}).update(schemas)
            openapi.complete(schema)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
