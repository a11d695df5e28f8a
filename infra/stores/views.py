"""How do queries read the views as they stood at one position?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import DictRow
from psycopg.sql import SQL, Composed, Identifier

from infra.stores.positions import STANDING, least, standing
from infra.stores.reading import Pool, reading
from projections.ports import StoreUnavailable
from projections.register import READINGS
from read_api.ports import ParkedKey

WHOLE = frozenset({"~stream", "~unreadable"})


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
    async def at(
        self, tenant: str, *readings: str, subject: str | None = None
    ) -> AsyncIterator[PostgresSnapshot]:
        """Open one consistent snapshot."""
        async with reading(self._pool, tenant, _hold(readings)) as connection:
            names = {"names": list(readings)}
            cursor = await connection.execute(STANDING, names)
            positions = standing(await cursor.fetchall())
            if len(positions) < len(readings):
                raise StoreUnavailable(f"not all made yet: {', '.join(readings)}")
            parked = await parked_keys(connection, readings)
            yield PostgresSnapshot(connection, least(positions, readings, subject), parked)


async def parked_keys(
    connection: AsyncConnection[DictRow], readings: Sequence[str]
) -> Sequence[ParkedKey]:
    """Return what the live generations of these readings have put aside."""
    cursor = await connection.execute(
        """select p.name, p.key, min(p.parked_at) as since from readings.parked p
           join readings.state s on s.name = p.name and s.generation = p.generation
           where s.live and s.partition = 0 and s.name = any(%(names)s)
           group by p.name, p.key""",
        {"names": list(readings)},
    )
    rows = await cursor.fetchall()
    return [ParkedKey(row["name"], _ids(row["key"]), row["since"]) for row in rows]


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
    first, *parts = [str(part) for part in msgspec.json.decode(key, type=list[Any])]
    if first in WHOLE:
        return frozenset(name for part in parts for name in part.split("/")[2:])
    return frozenset(parts)
