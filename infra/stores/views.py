"""How do queries read the views as they stood at one position?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import DictRow
from psycopg.sql import SQL, Composed, Identifier

from infra.stores.positions import least, standing
from infra.stores.reading import Pool, reading_first
from projections.ports import StoreUnavailable
from projections.register import READINGS
from read_api.ports.views import ParkedKey

_STANDS = SQL("select * from readings.standing({})")
WHOLE = frozenset({"~stream", "~unreadable"})


class PostgresSnapshot:
    """Implements ``read_api.ports.views.Snapshot``."""

    def __init__(
        self,
        connection: AsyncConnection[DictRow],
        position: int,
        recorded_at: datetime | None,
        parked: Sequence[ParkedKey],
    ) -> None:
        self._connection = connection
        self.position = position
        self.recorded_at = recorded_at
        self.parked = parked

    async def rows(self, sql: str, **values: Any) -> Sequence[dict[str, Any]]:
        """Return the rows of a select."""
        cursor = await self._connection.execute(sql, values)
        return await cursor.fetchall()


class PostgresViews:
    """Implements ``read_api.ports.views.Views``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def at(
        self, tenant: str, *readings: str, subject: str | None = None
    ) -> AsyncIterator[PostgresSnapshot]:
        """Open one consistent snapshot."""
        first = SQL("; ").join(
            [_hold(readings), _STANDS.format(list(readings)), put_aside(readings)]
        )
        async with reading_first(self._pool, tenant, first) as (connection, (rows, parked)):
            positions = standing(rows)
            if len(positions) < len(readings):
                raise StoreUnavailable(f"not all made yet: {', '.join(readings)}")
            position = least(positions, readings, subject)
            times = {row["position"]: row["recorded_at"] for row in rows}
            yield PostgresSnapshot(connection, position, times.get(position), parked_keys(parked))


def put_aside(readings: Sequence[str]) -> Composed:
    """Return the statement that ``parked_keys`` reads."""
    return SQL("select * from readings.put_aside({})").format(list(readings))


def parked_keys(rows: Sequence[Mapping[str, Any]]) -> Sequence[ParkedKey]:
    """Return what the live generations of these readings have put aside."""
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
