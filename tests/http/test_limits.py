"""What becomes of requests that have no end?"""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing, suppress
from typing import Any

import pytest

from infra.serve import uvicorn_config
from infra.settings.fields import Settings
from infra.web.limits import HEAD_BYTES_MAX, BoundedServer
from tests.server import Server, eventually

CLOSED_SECONDS_MAX = 30.0


def ends(server: Server, *sent: bytes) -> bytes:
    """Send bytes for as long as they are taken, and return what came back until the end."""
    with closing(socket.create_connection(("127.0.0.1", server.port), 30)) as connection:
        answer = b""
        try:
            for part in sent:
                connection.sendall(part)
            while part := connection.recv(65_536):
                answer += part
        except ConnectionError:
            pass  # it was closed with bytes of ours unread
        return answer


@pytest.mark.parametrize(
    "sent",
    [
        [b"GET /v1/runs HTTP/1.1\r\nHost: x\r\nx: ", *[b"a" * HEAD_BYTES_MAX] * 100],
        [b"GET /v1/runs HTTP/1.1\r\n", *[b"x: " + b"a" * 1_000 + b"\r\n"] * 10_000],
        [b"GET /", *[b"a" * HEAD_BYTES_MAX] * 100],
    ],
    ids=["one header", "many headers", "an address"],
)
def test_a_head_without_end_is_cut(server: Server, sent: list[bytes]) -> None:
    """The connection is closed after so many bytes, and the server goes on."""
    assert b" 200 " not in ends(server, *sent)
    assert server.get("/healthz").status == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/commands HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/commands HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        (
            b"POST /v1/commands HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        ),
    ],
    ids=["TLS", "version", "length", "two lengths", "length and chunks"],
)
def test_what_is_not_http_is_told_so(server: Server, sent: bytes) -> None:
    """400, and the connection is closed: nothing of it can be taken for another request."""
    assert ends(server, sent).startswith(b"HTTP/1.1 400 ")


def test_a_body_that_is_cut_off_is_forgotten(server: Server) -> None:
    """The client is gone; there is no such course, and the server does not complain of a fault."""
    head = (
        b"POST /v1/commands/create-course HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    )
    with closing(socket.create_connection(("127.0.0.1", server.port))) as connection:
        connection.sendall(head + b'Content-Length: 100\r\n\r\n{"course":"CUT"')
    eventually(
        lambda: b'command="create-course",outcome="malformed"' in server.get("/metrics").body,
        CLOSED_SECONDS_MAX,
        "the server has noticed",
    )
    assert server.get("/v1/courses/CUT").status == 404
    assert "Traceback" not in server.output


class _Hasty(BoundedServer):
    request_seconds_max = 0.2


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost:",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1",
    ],
    ids=["nothing", "half a head", "half a body"],
)
def test_who_takes_too_long_to_ask_is_cut_off(sent: bytes) -> None:
    """Silent from the start, in the middle of the head, or in the middle of the body."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass

    async def test() -> None:
        server = _Hasty(uvicorn_config(answer, Settings()))
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            bound.listen()
            serving = asyncio.create_task(server.serve([bound]))
            reader, writer = await asyncio.open_connection(*bound.getsockname())
            writer.write(sent)
            async with asyncio.timeout(CLOSED_SECONDS_MAX):
                with suppress(ConnectionResetError):
                    assert await reader.read() == b""
            writer.close()
            server.should_exit = True
            await serving

    asyncio.run(test())
