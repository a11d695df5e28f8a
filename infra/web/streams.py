"""How long does an answer go on that has no end of its own?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

EVENTS = "/v1/events"
LOOKED_AT_EVERY_SECONDS = 60.0
"""How long a stream may go on after its token has ended, or a role was granted or revoked."""


async def while_it_holds(
    app: ASGIApp,
    holds: Callable[[], Awaitable[bool]],
    every_seconds: float,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Let an application answer as long as ``holds`` says so, which is asked every so many seconds;
    then end what it has begun, in order."""
    begun = False

    async def noted(message: Message) -> None:
        nonlocal begun
        begun = begun or message["type"] == "http.response.start"
        await send(message)

    async def ended() -> None:
        while True:
            await asyncio.sleep(every_seconds)
            if not await holds():
                return

    answering = asyncio.create_task(_of(app, scope, receive, noted), name="stream")
    ending = asyncio.create_task(ended(), name="whether a stream holds")
    try:
        await asyncio.wait((answering, ending), return_when=asyncio.FIRST_COMPLETED)
        if answering.done():
            await answering
            return
    finally:
        answering.cancel()
        ending.cancel()
        await asyncio.wait((answering, ending))
    ending.result()
    if begun:
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _of(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)
