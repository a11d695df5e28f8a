"""Where does the sealer keep the tree and the last seal in PostgreSQL?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

import psycopg

from domain.evidence.tiles import TileId
from infra.evidence.statements import TILES, named
from infra.outages import unavailable
from infra.pools import CONNECT_SECONDS_MAX
from streams.seals import Kept

LEAD_LOCK = 7_236_007
"""The advisory lock of whoever seals."""

_WRITE = """
  insert into evidence.tiles (level, number, hashes)
  select * from unnest(%s::smallint[], %s::bigint[], %s::bytea[])
  on conflict (level, number) do update set hashes = excluded.hashes
"""


class PostgresSeals:
    """Implements ``streams.seals.SealStore`` on one connection, for one thread."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: psycopg.Connection | None = None
        self._leads = False

    def close(self) -> None:
        """Let the connection go, and with it the lead."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._leads = None, False

    def lead(self) -> bool:
        """Return whether it falls to this process to seal."""
        if not self._leads:
            with self._asking() as connection:
                row = connection.execute("select pg_try_advisory_lock(%s)", (LEAD_LOCK,)).fetchone()
                self._leads = row is not None and bool(row[0])
        return self._leads

    def kept(self) -> Kept | None:
        """Return what is kept of the last seal."""
        with self._asking() as connection:
            row = connection.execute("select epoch, size, note from evidence.sealed").fetchone()
        return None if row is None else Kept(*row)

    def tiles(self, wanted: Collection[TileId]) -> Mapping[TileId, bytes]:
        """Return those of these tiles that there are."""
        with self._asking() as connection:
            rows = connection.cursor(binary=True).execute(TILES, named(wanted)).fetchall()
        return {TileId(level, number): hashes for level, number, hashes in rows}

    def write(
        self, before: Kept | None, after: Kept, keys: str, tiles: Mapping[TileId, bytes]
    ) -> bool:
        """Write a seal and its tiles in one transaction, if ``before`` is what is kept."""
        with self._asking() as connection, connection.transaction():
            if not _moved(connection, before, after, keys):
                return False
            if before is None or before.epoch != after.epoch:
                connection.execute("delete from evidence.tiles")
            if tiles:
                levels, numbers = zip(*tiles, strict=True)
                connection.execute(_WRITE, (list(levels), list(numbers), list(tiles.values())))
        return True

    def fault(self, error: str) -> None:
        """Note what keeps the log from being sealed."""
        with self._asking() as connection:
            connection.execute(
                "update evidence.sealed set error = %s, error_at = clock_timestamp()", (error,)
            )

    @contextmanager
    def _asking(self) -> Iterator[psycopg.Connection]:
        with unavailable():
            if self._connection is None:
                self._connection = psycopg.connect(
                    self._dsn,
                    autocommit=True,
                    connect_timeout=int(CONNECT_SECONDS_MAX),
                    application_name="registrar sealer",
                )
            try:
                yield self._connection
            except (psycopg.OperationalError, psycopg.InterfaceError):
                self.close()
                raise


def _moved(connection: psycopg.Connection, before: Kept | None, after: Kept, keys: str) -> bool:
    if before is None:
        cursor = connection.execute(
            "insert into evidence.sealed (epoch, size, note, keys) values (%s, %s, %s, %s)"
            " on conflict do nothing",
            (*after, keys),
        )
    else:
        cursor = connection.execute(
            "update evidence.sealed set epoch = %s, size = %s, note = %s, keys = %s,"
            " moved_at = clock_timestamp(), error = null, error_at = null"
            " where epoch = %s and size = %s and note = %s",
            (*after, keys, *before),
        )
    return cursor.rowcount == 1
