"""How are connections to PostgreSQL held ready, and how soon are they there after an outage?"""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection, Connection
from psycopg_pool import AsyncConnectionPool, ConnectionPool

CONNECT_SECONDS_MAX = 3.0
"""How long somebody waits for a connection before the server counts as away."""
RECONNECT_SECONDS_MAX = 2.0
"""After which an attempt is given up until somebody wants a connection again, so that the pauses
between attempts do not grow with the length of an outage."""


def pool(dsn: str, size: int, options: str) -> ConnectionPool:
    """Return a pool in autocommit, not opened yet, that connects when it is first asked."""
    return ConnectionPool(
        dsn,
        min_size=0,
        max_size=size,
        open=False,
        timeout=CONNECT_SECONDS_MAX,
        reconnect_timeout=RECONNECT_SECONDS_MAX,
        check=_still_there,
        kwargs={"autocommit": True, "options": options},
    )


def async_pool(dsn: str, size: int, **connection: Any) -> AsyncConnectionPool[AsyncConnection[Any]]:
    """Return a pool, not opened yet, for asyncio; ``connection`` are arguments of psycopg's."""
    return AsyncConnectionPool(
        dsn,
        min_size=1,
        max_size=size,
        open=False,
        timeout=CONNECT_SECONDS_MAX,
        reconnect_timeout=RECONNECT_SECONDS_MAX,
        check=_async_still_there,
        kwargs=connection,
    )


def _still_there(connection: Connection[Any]) -> None:
    """Raise OperationalError where the server has hung up, without a question to it: that would
    double the round trips of short transactions."""
    for _ in ("a farewell", "the end"):
        connection.pgconn.consume_input()


async def _async_still_there(connection: AsyncConnection[Any]) -> None:
    for _ in ("a farewell", "the end"):
        connection.pgconn.consume_input()
