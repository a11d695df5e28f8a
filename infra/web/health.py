"""How does a machine learn whether a process that only takes commands is well?"""

from __future__ import annotations

import asyncio

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commands.ports import Log, LogUnavailable

CHECK_SECONDS_MAX = 3.0
JSON = "application/json"


class CommandReadiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether commands can be taken, and if not, why: one sentence for each fault."""

    ready: bool
    faults: list[str]
    position: int | None


def router(log: Log) -> APIRouter:
    """Return ``/healthz`` and ``/readyz`` of a command API."""

    async def healthz(_: Request) -> Response:
        """The process answers; nothing else is looked at."""
        return Response(b'{"status":"ok"}', media_type=JSON)

    async def readyz(_: Request) -> Response:
        """200, or 503 with the fault: the log is away. Readings are another process's business."""
        found = await readiness(log)
        return Response(msgspec.json.encode(found), 200 if found.ready else 503, media_type=JSON)

    routes = APIRouter()
    routes.add_api_route("/healthz", healthz, tags=["health"], response_model=None)
    routes.add_api_route("/readyz", readyz, tags=["health"], response_model=None)
    return routes


async def readiness(log: Log) -> CommandReadiness:
    """Look whether the log can be reached. Never raises."""
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            return CommandReadiness(ready=True, faults=[], position=await log.head())
    except (LogUnavailable, TimeoutError):
        fault = "The log cannot be reached."
        return CommandReadiness(ready=False, faults=[fault], position=None)
