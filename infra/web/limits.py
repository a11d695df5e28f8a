"""How long and how large may a request be on its way in, and how do connections end?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX = 65_536
REQUEST_SECONDS_MAX = 60.0
"""From the first byte of a request, or from connecting, to its last byte."""
SWEEP_TICKS = 10
"""uvicorn ticks ten times a second."""
CUT_SECONDS_BEFORE_END = 0.5


class BoundedProtocol(HttpToolsProtocol):
    """HTTP whose requests cannot grow or linger: uvicorn's own bounds neither head nor time."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.coming_since: float | None = time.monotonic()
        self._head_bytes: int | None = 0

    def data_received(self, data: bytes) -> None:
        """Take in what came; refuse a head without end."""
        super().data_received(data)
        if self._head_bytes is not None and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self.send_400_response(f"The head of a request has {HEAD_BYTES_MAX} bytes at most.")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.coming_since, self._head_bytes = time.monotonic(), 0

    def on_headers_complete(self) -> None:
        """Its head is here."""
        self._head_bytes = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of it is here."""
        self.coming_since = None
        super().on_message_complete()

    @property
    def is_streaming(self) -> bool:
        """Whether an answer without an end in sight is on its way out."""
        cycle = self.cycle
        return cycle is not None and cycle.response_started and not cycle.response_complete


class BoundedServer(uvicorn.Server):
    """A server that ends slow requests, and whose shutdown waits for answers but not for streams.

    It leaves signals to others: uvicorn's way ends the process before it tidied up.
    """

    request_seconds_max = REQUEST_SECONDS_MAX

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def on_tick(self, counter: int) -> bool:
        """Now and then, cut off whoever takes too long to send a request."""
        if counter % SWEEP_TICKS == 0:
            began_before = time.monotonic() - self.request_seconds_max
            for connection in self._connections():
                since = connection.coming_since
                if since is not None and since < began_before:
                    connection.transport.abort()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """End streams, whose clients come back with the last id; finish the answers under way."""
        for connection in self._connections():
            if connection.is_streaming:
                connection.transport.close()
        seconds = self.config.timeout_graceful_shutdown or 0
        cut = asyncio.get_running_loop().call_later(
            max(0.0, seconds - CUT_SECONDS_BEFORE_END), self._cut_all
        )
        try:
            await super().shutdown(sockets)
        finally:
            cut.cancel()

    def _cut_all(self) -> None:
        """Those who do not read what they asked for."""
        for connection in self._connections():
            connection.transport.abort()

    def _connections(self) -> list[BoundedProtocol]:
        return [c for c in self.server_state.connections if isinstance(c, BoundedProtocol)]
