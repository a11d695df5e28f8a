"""How is it kept who read which record? In batches, and durable before an answer is given."""

from __future__ import annotations

import asyncio
import logging
from asyncio import Future
from collections import deque
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout

from infra.stores.reading import Pool
from projections.ports import StoreUnavailable
from read_api.reads import NotedRead, Read, ReadsAsked

BATCH_READS_MAX = 500
PENDING_READS_MAX = 10_000
"""More than so many that wait to be kept are refused at once, and so are their answers."""
KEPT_DAYS = 730
"""After which a row is forgotten; the table itself refuses to lose one earlier."""
FORGET_ROWS = 5_000
FORGET_EVERY_SECONDS = 3_600.0

_INSERT = """
    insert into access_log (tenant, actor, client, permission, address, subject, run, request_id)
    select * from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                         %s::text[], %s::text[])"""
_FIND = """
    select id, read_at, actor, client, permission, address, subject, run, request_id
    from access_log
    where tenant = %(tenant)s
      and (%(actor)s::text is null or actor = %(actor)s)
      and (%(begin)s::timestamptz is null or read_at >= %(begin)s)
      and (%(end)s::timestamptz is null or read_at < %(end)s)
      and (%(before)s::bigint is null or id < %(before)s)"""
_OF_SUBJECT = """
      and (subject = %(subject)s
           or (subject is null and (run is null or run = any(%(runs)s))))"""
_OF_RUN = " and run = %(run)s"
_ORDER = " order by id desc limit %(limit)s"
_FORGET = """
    delete from access_log where id in (
        select id from access_log
        where read_at < clock_timestamp() - %s * interval '1 day' - interval '1 hour'
        order by id limit %s)"""

_log = logging.getLogger(__name__)


class PostgresReads:
    """Implements ``read_api.reads.Reads`` on a pool whose connections commit by themselves.

    What is noted while a batch is being written goes into the next: one statement and one fsync
    for all of it, however many ask.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: deque[tuple[Read, Future[None]]] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._forgetting: asyncio.Task[None] | None = None

    def note(self, read: Read) -> Future[None]:
        """Keep a read; done when it is durable."""
        future: Future[None] = asyncio.get_running_loop().create_future()
        if len(self._waiting) >= PENDING_READS_MAX:
            future.set_exception(StoreUnavailable("the access log does not keep up"))
            return future
        self._waiting.append((read, future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write(), name="access log")
        return future

    async def find(self, asked: ReadsAsked, limit: int) -> Sequence[NotedRead]:
        """Return what was noted, latest first. Raises StoreUnavailable."""
        values = asked._asdict() | {"runs": list(asked.runs), "limit": limit}
        sql = _FIND
        if asked.subject is not None:
            sql += _OF_SUBJECT
        if asked.run is not None:
            sql += _OF_RUN
        try:
            async with self._pool.connection() as connection:
                rows = await (await connection.execute(sql + _ORDER, values)).fetchall()
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise StoreUnavailable(f"the access log cannot be read: {error}") from error
        return [NotedRead(**row) for row in rows]

    def begin(self) -> None:
        """Forget, from now on, what is past its time."""
        self._forgetting = asyncio.create_task(self._forget_by_and_by(), name="old reads")

    async def close(self) -> None:
        """Write what waits, and end."""
        if self._forgetting is not None:
            self._forgetting.cancel()
        if self._writing is not None:
            await asyncio.wait((self._writing,))

    async def forget(self) -> int:
        """Forget up to FORGET_ROWS that are past their time, and return how many."""
        async with self._pool.connection() as connection:
            return (await connection.execute(_FORGET, (KEPT_DAYS, FORGET_ROWS))).rowcount

    async def _write(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), BATCH_READS_MAX)
                batch = [self._waiting.popleft() for _ in range(size)]
                error = await self._keep([read for read, _ in batch])
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error) if error else future.set_result(None)
        finally:
            self._writing = None

    async def _keep(self, reads: Sequence[Read]) -> StoreUnavailable | None:
        columns: list[list[Any]] = [list(column) for column in zip(*reads, strict=True)]
        try:
            async with self._pool.connection() as connection:
                await connection.execute(_INSERT, columns, prepare=True)
        except (psycopg.Error, PoolTimeout) as error:
            return StoreUnavailable(f"the access log cannot be written: {error}")
        return None

    async def _forget_by_and_by(self) -> None:
        while True:
            try:
                while await self.forget() == FORGET_ROWS:
                    pass
            except (psycopg.Error, PoolTimeout) as error:
                _log.warning("old reads are forgotten another time: %s", error)
            await asyncio.sleep(FORGET_EVERY_SECONDS)
