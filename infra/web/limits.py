"""How long and how large may a request be on its way in, and how do connections end?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from infra.web.problems import document

HEAD_BYTES_MAX = 65_536
REQUEST_SECONDS_MAX = 60.0
"""From the first byte of a request, or from connecting, to its last byte."""
SWEEP_TICKS = 10
"""uvicorn ticks ten times a second."""
CUT_SECONDS_BEFORE_END = 0.5
FRESH_SECONDS_MAX = 0.5
"""Whoever has connected and sent nothing for so long is not waited for."""
SLOW_SECONDS_MAX = 15.0
"""How long a client may take nothing of an answer that waits for it."""
LAST_WORDS_SECONDS_MAX = 30.0
"""How long such a client may still take what was sent before the connection is cut."""
DOOR_SECONDS = 0.02
QUIET_CHECK_SECONDS = 0.01

TOO_SLOW = b"event: too-slow\ndata: %b\n\n" % document("too-slow")
"""The last event of a stream that was not read."""


class BoundedProtocol(HttpToolsProtocol):
    """HTTP whose requests cannot grow or linger: uvicorn's own bounds neither head nor time."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.coming_since: float | None = time.monotonic()
        self.stuck_since: float | None = None
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

    def pause_writing(self) -> None:
        """The client takes less than is sent."""
        self.stuck_since = time.monotonic()
        super().pause_writing()

    def resume_writing(self) -> None:
        """It has taken what waited."""
        self.stuck_since = None
        super().resume_writing()

    def let_go(self) -> None:
        """Part from a client that takes nothing. A stream of events, which is what has no length,
        is told so, should its client come to read what is under way."""
        self.stuck_since = None
        if not (self.is_streaming and self.cycle.chunked_encoding):
            self.transport.abort()
            return
        self.transport.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(TOO_SLOW), TOO_SLOW))
        self.transport.close()
        self.cycle.disconnected = True  # for the application it is over now
        self.cycle.message_event.set()
        self.flow.resume_writing()
        self.loop.call_later(LAST_WORDS_SECONDS_MAX, self.transport.abort)

    @property
    def is_busy(self) -> bool:
        """Whether a request is coming in, is being answered, or may be about to come: whoever has
        just connected wants something."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            return True
        if self._head_bytes == 0 and cycle is None and self.coming_since is not None:
            return time.monotonic() - self.coming_since < FRESH_SECONDS_MAX
        return self.coming_since is not None

    def answer_and_close(self) -> None:
        """Let the answer under way be the last, and say so in it."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_started:
            cycle.keep_alive = False

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
    slow_seconds_max = SLOW_SECONDS_MAX
    lame_duck_seconds = 0.0
    """How long new connections are still taken once it was told to end."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def on_tick(self, counter: int) -> bool:
        """Now and then, part from whoever takes too long to send a request or to take an answer."""
        if counter % SWEEP_TICKS == 0:
            began_before = time.monotonic() - self.request_seconds_max
            stuck_before = time.monotonic() - self.slow_seconds_max
            for connection in self._connections():
                since, stuck = connection.coming_since, connection.stuck_since
                if since is not None and since < began_before:
                    connection.transport.abort()
                elif stuck is not None and stuck < stuck_before:
                    connection.let_go()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """End in order: tell clients to go, take in who is at the door, and answer what was asked.

        Every answer closes its connection from now on. Streams are ended: their clients come back
        to another process, with the last id. Idle connections are closed when nothing comes any
        more, since closing one just as a request comes in would drop that.
        """
        closing = (b"connection", b"close")
        self.server_state.default_headers = [*self.server_state.default_headers, closing]
        for connection in self._connections():
            connection.answer_and_close()
        await asyncio.sleep(self.lame_duck_seconds)
        for listening in sockets or []:
            listening.listen(0)  # no one else queues up; those who do are taken in meanwhile
        await asyncio.sleep(DOOR_SECONDS)
        late = [one for listening in sockets or [] for one in _waiting(listening)]
        for server in self.servers:
            server.close()
        for one in late:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, one)
        seconds = self.config.timeout_graceful_shutdown or 0
        cut = asyncio.get_running_loop().call_later(
            max(0.0, seconds - CUT_SECONDS_BEFORE_END), self._cut_all
        )
        try:
            await self._until_quiet(seconds)
            await super().shutdown(sockets)
        finally:
            cut.cancel()

    def _protocol(self) -> BoundedProtocol:
        return BoundedProtocol(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    async def _until_quiet(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self.force_exit and time.monotonic() < deadline:
            for connection in self._connections():
                if connection.is_streaming:
                    connection.transport.close()
            if not any(connection.is_busy for connection in self._connections()):
                return
            await asyncio.sleep(QUIET_CHECK_SECONDS)

    def _cut_all(self) -> None:
        """Those who do not read what they asked for."""
        for connection in self._connections():
            connection.transport.abort()

    def _connections(self) -> list[BoundedProtocol]:
        return [c for c in self.server_state.connections if isinstance(c, BoundedProtocol)]


def _waiting(listening: socket) -> Iterator[socket]:
    """Yield the connections that the kernel has made and nobody has taken yet."""
    with suppress(BlockingIOError):
        while True:
            connection, _ = listening.accept()
            connection.setblocking(False)
            yield connection
