"""How are the command API, the read API and the console put together into one application?"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline

from commands import app as command_api
from commands import openapi as command_openapi
from commands.app import CommandDependencies
from infra.web import problems
from infra.web.metrics import Metrics
from read_api import app as read_api
from read_api.console import pages
from read_api.dependencies import ReadDependencies

TITLE = "registrar"
DESCRIPTION = """The learning record: commands in, facts in an append-only log, readings out.

Every command answers with the position that it reached; a query takes it as `min_position`, and
then answers with this write in it. Problems are RFC 9457 documents, and each `type` explains itself."""


def full_app(commands: CommandDependencies, reads: ReadDependencies, metrics: Metrics) -> FastAPI:
    """Return the application that serves everything."""
    app = FastAPIOffline(
        redoc_url=None, title=TITLE, version="1", description=DESCRIPTION, redirect_slashes=False
    )
    app.router.routes.extend(command_api.routes(commands))
    app.include_router(read_api.router(reads))
    app.include_router(pages.router(reads), include_in_schema=False)
    problems.install(app)
    metrics.install(app, reads)
    _describe(app, commands)
    return app


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
