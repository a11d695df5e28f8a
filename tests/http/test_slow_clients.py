"""What becomes of a client that does not take what it asked for?"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from infra.serve import uvicorn_config
from infra.settings.fields import Settings
from infra.web.limits import BoundedServer

EVENT = b"id: 7\nevent: Something\ndata: " + b"x" * 1_000 + b"\n\n"
EVENTS_A_CHUNK = 100
CLOSED_SECONDS_MAX = 20.0
LARGE_BYTES = 50_000_000


class _Impatient(BoundedServer):
    slow_seconds_max = 0.5


class _Served:
    """An application with events that never end, and with a large answer."""

    def __init__(self) -> None:
        self.produced = 0
        self.ended = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = Request(scope).url.path
        answer: Response = Response(b"x" * LARGE_BYTES)
        if path == "/events":
            answer = StreamingResponse(self._events(), media_type="text/event-stream")
        try:
            await answer(scope, receive, send)
        finally:
            self.ended.set()

    async def _events(self) -> Any:
        while True:
            await asyncio.sleep(0)
            self.produced += EVENTS_A_CHUNK
            yield EVENT * EVENTS_A_CHUNK


async def _until_let_go(path: bytes, read_a_little: int = 0) -> tuple[_Served, bytes]:
    """Ask, read nothing until the application has been told that it is over, then what is there."""
    app = _Served()
    server = _Impatient(uvicorn_config(app, Settings()))
    loop = asyncio.get_running_loop()
    with socket.socket() as bound, socket.socket() as client:
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        serving = asyncio.create_task(server.serve([bound]))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.setblocking(False)
        await loop.sock_connect(client, bound.getsockname())
        await loop.sock_sendall(client, b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path)
        got = b""
        async with asyncio.timeout(CLOSED_SECONDS_MAX):
            while len(got) < read_a_little:
                got += await loop.sock_recv(client, 65_536)
            await asyncio.sleep(4 * _Impatient.slow_seconds_max)
            with suppress(ConnectionError):
                while part := await loop.sock_recv(client, 65_536):
                    got += part
            await app.ended.wait()
        server.should_exit = True
        await serving
    return app, got


@pytest.mark.parametrize("read_a_little", [0, 5_000_000])
def test_a_subscriber_that_does_not_read_is_bounded_and_told(read_a_little: int) -> None:
    """What is ready for it stays small; it finds a last event, and the end, when it comes to read.

    Every event before that is whole, so that it can go on with the last id.
    """

    async def test() -> None:
        app, got = await _until_let_go(b"/events", read_a_little)
        _, _, chunks = got.partition(b"\r\n\r\n")
        body = b""
        while chunks:
            size, _, chunks = chunks.partition(b"\r\n")
            body, chunks = body + chunks[: int(size, 16)], chunks[int(size, 16) + 2 :]
        *events, last, end = body.split(b"\n\n")
        assert end == b""
        assert {event + b"\n\n" for event in events} == {EVENT}
        name, data = last.split(b"\n")
        assert name == b"event: too-slow"
        assert msgspec.json.decode(data.removeprefix(b"data: "))["type"] == "/problems/too-slow"
        ahead = app.produced * len(EVENT) - read_a_little
        assert ahead < 8_000_000  # the kernel's buffers, and ours

    asyncio.run(test())


def test_a_large_answer_that_is_not_read_is_cut() -> None:
    """It has a length, so nothing can be said in it."""

    async def test() -> None:
        _, got = await _until_let_go(b"/large")
        assert got.startswith(b"HTTP/1.1 200 ")
        assert len(got) < LARGE_BYTES

    asyncio.run(test())
