"""How does the relay read the log in PostgreSQL?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import psycopg

from infra.log.reader import PostgresLogReader
from projections.decoding import StoredFact
from streams.relay.ports import Page

PAGE_BYTES_MAX = 8_388_608
"""Of bodies in one page. Beyond it a page has fewer facts, so that memory is bounded."""

T = TypeVar("T")

_PAGE = """
  select position, recorded_at, version, stream, type, tenant, subject, body from (
    select f.*, sum(octet_length(body)) over (order by position) - octet_length(body) as before
    from (select * from log.facts where position > %s order by position limit %s) f
  ) g where before < %s order by position
"""
_END = """
  select e.name, coalesce((select position from log.facts order by position desc limit 1), 0)
  from log.epoch e
"""


class PostgresPages:
    """Implements ``streams.relay.ports.LogPages``: a session and a thread of its own."""

    def __init__(self, dsn: str) -> None:
        self._reader = _Reader(dsn)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="relay-pages")

    async def page(self, after: int, limit: int) -> Page:
        """Return facts with a higher position, in order."""
        return await self._in_thread(lambda: self._reader.stored(after, limit))

    async def wait(self, beyond: int, seconds: float) -> bool:
        """Wait until the log holds a position beyond this one, at most so long."""
        return await self._in_thread(lambda: self._reader.wait(beyond, seconds))

    async def close(self) -> None:
        """Let the session and the thread go."""
        await self._in_thread(self._reader.close)
        self._thread.shutdown()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


class _Reader(PostgresLogReader):
    def stored(self, after: int, limit: int) -> Page:
        def read(connection: psycopg.Connection) -> Page:
            cursor = connection.cursor(binary=True)
            rows = cursor.execute(_PAGE, (after, limit, PAGE_BYTES_MAX), prepare=True).fetchall()
            # Asked after the rows: if it is the epoch of before, they were of it too.
            end = cursor.execute(_END, prepare=True).fetchone()
            if end is None:
                raise psycopg.OperationalError("the log has no epoch")
            return Page(str(end[0]), int(end[1]), list(map(StoredFact._make, rows)))

        return self._ask(read)
