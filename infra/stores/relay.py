"""Which relay leads, and how far have its publishers come? One session of PostgreSQL says both."""

from __future__ import annotations

import asyncio
from typing import Any, LiteralString

import psycopg

from infra.pools import CONNECT_SECONDS_MAX
from projections.ports import StoreUnavailable
from streams.relay.ports import Head, LeadLost

LEAD_LOCK = 7_236_003
"""The advisory lock of the one process that brings the log to Kafka."""
ANSWER_SECONDS_MAX = 3.0
"""A session that does not answer within so long may be gone, and the lead with it."""
OPTIONS = (
    "-c application_name=registrar-relay -c statement_timeout=3s"
    " -c tcp_keepalives_idle=2 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=2"
)
"""The server notices within 4 s that a leader's machine is gone, and gives the lead away."""

_END = """
  select e.name, f.position, f.recorded_at from log.epoch e left join (
    select position, recorded_at from log.facts order by position desc limit 1) f on true
"""
_BEGIN = """
  insert into streams.relay as r (name, epoch, position) values (%s, %s, 0)
  on conflict (name) do update set epoch = excluded.epoch, moved_at = clock_timestamp(),
    position = case when r.epoch = excluded.epoch then r.position else 0 end
  returning position
"""
_MOVE = """
  update streams.relay set position = %s, moved_at = clock_timestamp()
  where name = %s and epoch = %s and position < %s returning 1
"""


class PostgresLead:
    """Implements ``streams.relay.ports.Lead``.

    A relay at work moves its places ten times a second in the session that holds the lead, so it
    notices as soon that the session is gone.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._turn = asyncio.Lock()

    async def take(self) -> bool:
        """Return whether the lead is ours now."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX + CONNECT_SECONDS_MAX):
                if self._connection is None:
                    self._connection = await psycopg.AsyncConnection.connect(
                        self._dsn,
                        autocommit=True,
                        connect_timeout=int(CONNECT_SECONDS_MAX),
                        options=OPTIONS,
                    )
                rows = await self._rows("select pg_try_advisory_lock(%s)", LEAD_LOCK)
        except (psycopg.Error, TimeoutError) as error:
            await self.close()
            raise StoreUnavailable(f"the database: {error}") from error
        return bool(rows[0][0])

    async def check(self) -> Head:
        """Return the end of the log. Raises LeadLost."""
        ((epoch, position, recorded_at),) = await self._leading(_END)
        return Head(epoch, position or 0, recorded_at)

    async def begin(self, name: str, epoch: str) -> int:
        """Return the place of a publisher: 0 in an epoch that is new. Raises LeadLost."""
        ((position,),) = await self._leading(_BEGIN, name, epoch)
        return int(position)

    async def move(self, name: str, epoch: str, position: int) -> None:
        """Keep a publisher's place. Raises LeadLost where it was not moved."""
        rows = await self._leading(_MOVE, position, name, epoch, position)
        if not rows:
            raise LeadLost(f"the place of {name} was moved by somebody else")

    async def close(self) -> None:
        """Let the session go, and with it the lead."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _leading(self, statement: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                return await self._rows(statement, *values)
        except (psycopg.Error, TimeoutError) as error:
            raise LeadLost(f"the session that holds the lead is gone: {error}") from error

    async def _rows(self, statement: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
        if self._connection is None:
            raise psycopg.OperationalError("not connected")
        async with self._turn:
            cursor = await self._connection.execute(statement, values, prepare=True)
            return await cursor.fetchall()
