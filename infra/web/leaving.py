"""How does whoever sends requests here learn that this process is about to end?"""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

BODY = b'{"ready":false,"faults":["This process is ending."]}'


class Leaving:
    """ASGI middleware that answers 503 at ``/readyz`` once the process is told to end."""

    def __init__(self, app: ASGIApp, is_leaving: Callable[[], bool]) -> None:
        self._app = app
        self._is_leaving = is_leaving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless it asks for what is no longer true."""
        if scope.get("path") == "/readyz" and self._is_leaving():
            answer = Response(BODY, 503, media_type="application/json")
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)
