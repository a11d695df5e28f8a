"""How is a connection had that reads one snapshot?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import DictRow, dict_row
from psycopg.sql import SQL, Composable, Literal
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from infra.pools import async_pool
from projections.ports import StoreUnavailable

QUERY_SECONDS_MAX = 10
QUERY = "registrar_query"
"""The role that queries are made in."""
NOTHING = SQL("")

Pool = AsyncConnectionPool[AsyncConnection[DictRow]]


def read_pool(dsn: str, size: int) -> Pool:
    """Return a pool, not opened yet, whose transactions read one snapshot and write nothing.

    Its sessions are in a role that owns nothing from their first moment: without a tenant they see
    no rows of any, whoever logs in.
    """
    return async_pool(
        dsn,
        size,
        autocommit=True,
        row_factory=dict_row,
        options=f"-c role={QUERY} -c statement_timeout={QUERY_SECONDS_MAX}s -c timezone=UTC"
        " -c default_transaction_isolation=repeatable\\ read -c default_transaction_read_only=on"
        " -c jit=off",
    )


@asynccontextmanager
async def reading(pool: Pool, tenant: str | None = None) -> AsyncIterator[AsyncConnection[DictRow]]:
    """Hold a connection in one transaction that sees the rows of a tenant (None: of none). Raises
    StoreUnavailable."""
    async with reading_first(pool, tenant, NOTHING) as (connection, _):
        yield connection


@asynccontextmanager
async def reading_first(
    pool: Pool, tenant: str | None, first: Composable
) -> AsyncIterator[tuple[AsyncConnection[DictRow], list[list[DictRow]]]]:
    """Hold a connection like ``reading``, and what each select of ``first`` returned: statements
    that begin the transaction in one round trip. Raises StoreUnavailable."""
    begun: Composable = SQL("begin; ")
    if tenant is not None:
        begun += SQL("set local registrar.tenant = {}; ").format(Literal(tenant))
    with _unavailable():
        async with pool.connection() as connection:  # which ends the transaction, either way
            cursor = await connection.execute(begun + first)
            yield connection, await _returned(cursor)


async def look(pool: Pool, statement: LiteralString, **values: Any) -> list[DictRow]:
    """Return the rows of one statement that belongs to no tenant: in one round trip, for it needs
    no transaction around. Raises StoreUnavailable."""
    with _unavailable():
        async with pool.connection() as connection:
            return await (await connection.execute(statement, values)).fetchall()


async def _returned(cursor: AsyncCursor[DictRow]) -> list[list[DictRow]]:
    return [
        await found.fetchall() async for found in cursor.results() if found.description is not None
    ]


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except (psycopg.OperationalError, PoolTimeout) as error:
        raise StoreUnavailable(f"the views cannot be read: {error}") from error
    except psycopg.errors.UndefinedTable as error:
        raise StoreUnavailable(f"a reading is not made yet: {error}") from error
