"""How are the log and its tree read as they stood at one moment?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, LiteralString

import psycopg
from psycopg import IsolationLevel

from domain.evidence.strays import Row
from domain.evidence.tiles import WIDTH, TileId
from domain.evidence.tree import HASH_BYTES, microseconds
from infra.evidence.statements import TILES, named
from infra.evidence.subjects import Known
from infra.outages import unavailable
from infra.pools import CONNECT_SECONDS_MAX
from read_api.ports.evidence import Seal

PAGE_FACTS = 5_000
TILES_KEPT = 64

_ROWS = """
  select position, recorded_at, version, body, stream, type, tenant, subject from log.facts
  where position <= %(through)s order by position
"""
_ROWS_OF_SUBJECT = """
  select position, recorded_at, version, body, stream, type, tenant, subject from log.facts
  where (position = any(%(positions)s) or position > %(known)s) and position <= %(through)s
    and tenant = %(tenant)s and subject = %(subject)s
  order by position
"""
_ROWS_OF_TENANT = """
  select position, recorded_at, version, body, stream, type, tenant, subject from log.facts
  where tenant = %(tenant)s and position <= %(through)s order by position
"""
_FACTS_OF_TENANT = """
  select count(*) from log.facts where tenant = %(tenant)s and position <= %(through)s
"""


class Snapshot:
    """The log in one transaction. Every call raises StoreUnavailable."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self.tile = lru_cache(TILES_KEPT)(self._read_tile)

    def head(self) -> int:
        """Return the last position."""
        with unavailable():
            found = self._connection.execute("select max(position) from log.facts").fetchone()
        return int(found[0] or 0) if found else 0

    def seal(self) -> Seal | None:
        """Return what was last signed; None: the log is not sealed."""
        with unavailable():
            row = self._connection.execute(
                "select epoch, size, note, keys from evidence.sealed"
            ).fetchone()
        return None if row is None else Seal(*row)

    def rows(self, through: int) -> Iterator[Row]:
        """Yield the rows up to a position, in order."""
        return self._rows(_ROWS, through=through)

    def rows_of(self, tenant: str, subject: str, through: int, known: Known) -> Iterator[Row]:
        """Yield the rows about a tenant's subject up to a position, in order: those known, and what
        is found by reading all that came later."""
        return self._rows(
            _ROWS_OF_SUBJECT,
            tenant=tenant,
            subject=subject,
            through=through,
            known=known.through,
            positions=known.positions,
        )

    def facts_of_tenant(self, tenant: str, through: int) -> int:
        """Count the rows of a tenant up to a position."""
        with unavailable():
            of = {"tenant": tenant, "through": through}
            found = self._connection.execute(_FACTS_OF_TENANT, of).fetchone()
        return int(found[0]) if found else 0

    def rows_of_tenant(self, tenant: str, through: int) -> Iterator[Row]:
        """Yield the rows of a tenant up to a position, in order."""
        return self._rows(_ROWS_OF_TENANT, tenant=tenant, through=through)

    def _rows(self, statement: LiteralString, **values: Any) -> Iterator[Row]:
        with unavailable(), self._connection.cursor("rows", binary=True) as cursor:
            cursor.itersize = PAGE_FACTS
            cursor.execute(statement, values)
            for position, at, version, body, *copies in cursor:
                yield Row(position, microseconds(at), version, body, *copies)

    def leaf(self, index: int) -> bytes | None:
        """Return a leaf as the tree holds it."""
        tile = self.tile(TileId(0, index // WIDTH)) or b""
        first = index % WIDTH * HASH_BYTES
        return tile[first : first + HASH_BYTES] or None

    def _read_tile(self, tile: TileId) -> bytes | None:
        with unavailable():
            cursor = self._connection.cursor(binary=True)
            row = cursor.execute(TILES, named([tile])).fetchone()
        return None if row is None else row[2]


@contextmanager
def snapshot(dsn: str) -> Iterator[Snapshot]:
    """Read the log as it is now for a while. Raises StoreUnavailable."""
    with (
        unavailable(),
        psycopg.connect(dsn, connect_timeout=int(CONNECT_SECONDS_MAX)) as connection,
    ):
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.execute("set local timezone = 'UTC'")
        yield Snapshot(connection)
