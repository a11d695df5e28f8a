"""How do queries read the views, and learn how far the readings are?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import msgspec
import psycopg
from psycopg import AsyncConnection, IsolationLevel
from psycopg.rows import DictRow, dict_row
from psycopg.sql import SQL, Composed, Identifier
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from infra.log.notices import Notices
from infra.pools import async_pool
from projections.ports import StoreUnavailable
from projections.register import READINGS
from read_api.ports import ParkedKey

QUERY_SECONDS_MAX = 10
POLL_SECONDS = 0.25
"""How often a waiting query looks by itself, should a notice be lost."""
WHOLE = frozenset({"~stream", "~unreadable"})

Pool = AsyncConnectionPool[AsyncConnection[DictRow]]


def read_pool(dsn: str, size: int) -> Pool:
    """Return a pool, not opened yet, whose transactions read one snapshot and write nothing."""

    async def configure(connection: AsyncConnection[DictRow]) -> None:
        await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        await connection.set_read_only(True)

    return async_pool(
        dsn,
        size,
        configure,
        row_factory=dict_row,
        options=f"-c statement_timeout={QUERY_SECONDS_MAX}s -c timezone=UTC -c jit=off",
    )


@asynccontextmanager
async def reading(pool: Pool) -> AsyncIterator[AsyncConnection[DictRow]]:
    """Hold a connection in one transaction. Raises StoreUnavailable.

    The transaction is begun in so many words: a request that is cancelled while the pool looks
    whether its connection is alive leaves it with autocommit on.
    """
    try:
        async with pool.connection() as connection, connection.transaction():
            yield connection
    except (psycopg.OperationalError, PoolTimeout) as error:
        raise StoreUnavailable(f"the views cannot be read: {error}") from error
    except psycopg.errors.UndefinedTable as error:
        raise StoreUnavailable(f"a reading is not made yet: {error}") from error


class PostgresSnapshot:
    """Implements ``read_api.ports.Snapshot``."""

    def __init__(
        self, connection: AsyncConnection[DictRow], position: int, parked: Sequence[ParkedKey]
    ) -> None:
        self._connection = connection
        self.position = position
        self.parked = parked

    async def rows(self, sql: str, **values: Any) -> Sequence[dict[str, Any]]:
        """Return the rows of a select."""
        cursor = await self._connection.execute(sql, values)
        return await cursor.fetchall()


class PostgresViews:
    """Implements ``read_api.ports.Views``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def at(self, *readings: str) -> AsyncIterator[PostgresSnapshot]:
        """Open one consistent snapshot."""
        async with reading(self._pool) as connection:
            names = {"names": list(readings)}
            await connection.execute(_hold(readings))
            cursor = await connection.execute(
                """select coalesce(min(position), 0) as position, count(distinct name) as found
                   from readings.state where live and name = any(%(names)s)""",
                names,
            )
            state = cast("DictRow", await cursor.fetchone())
            if state["found"] < len(readings):
                raise StoreUnavailable(f"not all made yet: {', '.join(readings)}")
            cursor = await connection.execute(
                """select p.name, p.key, min(p.parked_at) as since from readings.parked p
                   join readings.state s on s.name = p.name and s.generation = p.generation
                   where s.live and s.name = any(%(names)s) group by p.name, p.key""",
                names,
            )
            rows = await cursor.fetchall()
            parked = [ParkedKey(row["name"], _ids(row["key"]), row["since"]) for row in rows]
            yield PostgresSnapshot(connection, state["position"], parked)


class PostgresPositions:
    """Implements ``read_api.ports.Positions``: told by notices, and looking now and then."""

    def __init__(self, pool: Pool, notices: Notices) -> None:
        self._pool = pool
        self._notices = notices

    async def wait(self, readings: Sequence[str], position: int, seconds: float) -> int:
        """Return the least position, as soon as it is far enough or the time is over."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        while True:
            notice = self._notices.next("readings")
            reached = await self._least(readings)
            left = deadline - clock()
            if reached >= position or left <= 0:
                return reached
            await self._notices.wait(notice, min(left, POLL_SECONDS))

    async def _least(self, readings: Sequence[str]) -> int:
        async with reading(self._pool) as connection:
            cursor = await connection.execute(
                """select case when count(distinct name) = cardinality(%(names)s::text[])
                          then min(position) else 0 end as reached
                   from readings.state where live and name = any(%(names)s)""",
                {"names": list(readings)},
            )
            return int(cast("DictRow", await cursor.fetchone())["reached"])


def _hold(readings: Sequence[str]) -> Composed:
    """Return what keeps views where they point, before the snapshot is taken.

    Otherwise a rebuild that takes over in between would show tables that the snapshot is too old
    for. A statement that only locks takes no snapshot yet.
    """
    views = [view.name for one in READINGS if one.name in readings for view in one.views]
    return SQL("lock table {} in access share mode").format(
        SQL(", ").join(Identifier("views", name) for name in views)
    )


def _ids(key: str) -> frozenset[str]:
    parts = [str(part) for part in msgspec.json.decode(key, type=list[Any])]
    if parts and parts[0] in WHOLE:
        return frozenset(name for part in parts[1:] for name in part.split("/")[2:])
    return frozenset(parts)
