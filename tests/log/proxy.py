"""How does a connection break in the worst moment?"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit


class Proxy:
    """Stands between a client and PostgreSQL, and cuts when told.

    ``cut_replies``: the next statement runs to its end on the server, and its reply is thrown away
    with the connection; with ``cut_at``, only a reply that holds these bytes.
    ``cut_requests``: the next statement does not get there. ``cut_reply_to``: the reply to a
    statement that holds these bytes is thrown away, and from then on the server is ``away``:
    nobody is let through who comes anew.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self.cut_replies = False
        self.cut_at = b""
        self.cut_requests = False
        self.cut_reply_to = b""
        self.away = False
        self.cuts = 0
        self.carried: set[asyncio.Task[None]] = set()

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection in."""
        if self.away:
            writer.close()
            return
        task = asyncio.ensure_future(self._serve(reader, writer))
        self.carried.add(task)
        task.add_done_callback(self.carried.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection's bytes both ways until one side ends or it is cut."""
        up_reader, up_writer = await asyncio.open_unix_connection(self._target)
        asked = asyncio.Event()  # for the reply that is to be cut
        ways = [
            asyncio.create_task(self._carry(reader, up_writer, asked, requests=True)),
            asyncio.create_task(self._carry(up_reader, writer, asked, requests=False)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for end in (writer, up_writer):
            end.close()
        await asyncio.gather(
            *(end.wait_closed() for end in (writer, up_writer)), return_exceptions=True
        )

    async def _carry(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        asked: asyncio.Event,
        *,
        requests: bool,
    ) -> None:
        while data := await source.read(1 << 20):
            if requests and self.cut_requests:
                self.cut_requests = False
                self.cuts += 1
                return
            if requests and self.cut_reply_to and self.cut_reply_to in data:
                self.cut_reply_to = b""
                asked.set()
            if not requests and asked.is_set():
                self.away = True
                self.cuts += 1
                return
            if not requests and self.cut_replies and self.cut_at in data:
                self.cut_replies = False
                self.cuts += 1
                return
            sink.write(data)
            await sink.drain()


@asynccontextmanager
async def proxied(dsn: str) -> AsyncIterator[tuple[Proxy, str]]:
    """Give a proxy before this server, and the address through it."""
    parts = urlsplit(dsn)
    folder = Path(parse_qs(parts.query)["host"][0])
    with tempfile.TemporaryDirectory(prefix="registrar-") as own:
        proxy = Proxy(folder / ".s.PGSQL.5432")
        server = await asyncio.start_unix_server(proxy.serve, Path(own) / ".s.PGSQL.5432")
        try:
            yield proxy, f"postgresql://{parts.username}@{parts.path}?host={quote(own, safe='')}"
        finally:
            server.close()
            if proxy.carried:
                await asyncio.wait(proxy.carried, timeout=10)
