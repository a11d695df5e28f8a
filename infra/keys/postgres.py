"""How are wrapped keys kept in a PostgreSQL of their own?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg.sql import SQL
from psycopg_pool import PoolTimeout

from commands.ports import KeysUnavailable
from infra.pools import pool

CONNECTIONS_MAX = 3
LOCK = 7_236_021
"""The advisory lock that lets one process make the tables."""


class PostgresDatabase:
    """Implements ``infra.keys.rows.Database`` on a server, best one of its own."""

    bytes_type: LiteralString = "bytea"
    alone: LiteralString = f"select pg_advisory_xact_lock({LOCK})"

    def __init__(self, dsn: str) -> None:
        self._pool = pool(dsn, CONNECTIONS_MAX, "-c application_name=registrar-keys")

    @contextmanager
    def transaction(self, *, writes: bool) -> Iterator[_Cursor]:
        """Have a transaction."""
        try:
            self._pool.open()
            with self._pool.connection() as connection:
                if not writes:
                    yield _Cursor(connection)
                    return
                with connection.transaction():
                    yield _Cursor(connection)
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise KeysUnavailable(f"the store of keys cannot be reached: {error}") from error

    def close(self) -> None:
        """Let the connections go."""
        self._pool.close()


class _Cursor:
    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def rows(
        self, statement: LiteralString, parameters: Sequence[Any] = ()
    ) -> list[tuple[Any, ...]]:
        return self._connection.execute(_query(statement), parameters).fetchall()

    def count(self, statement: LiteralString, parameters: Sequence[Any] = ()) -> int:
        return self._connection.execute(_query(statement), parameters).rowcount

    def each(self, statement: LiteralString, parameters: Sequence[Sequence[Any]]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(_query(statement), parameters)


def _query(statement: LiteralString) -> SQL:
    """The statements are written with the marks of SQLite, and hold no other question mark."""
    return SQL(statement.replace("?", "%s"))
