"""How does the sealer read the leaves of the log, with the least work?

It shares the machine with whoever appends, so what it does per fact counts: times stay as they come
from the server, and nothing is made of a row but its hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from struct import Struct

import psycopg

from infra.log.reader import PostgresLogReader

_pack = Struct("!Bq8sq").pack
"""What is hashed before the body, as ``domain.evidence.tree.leaf_hash`` has it."""

# PostgreSQL sends times as microseconds since 2000; 262,968 hours later they are those since 1970.
_LEAVES = """
  select position, timestamptz_send(recorded_at + interval '262968 hours'), version, body
  from log.facts where position > %s order by position limit %s
"""


class PostgresLeaves(PostgresLogReader):
    """Implements ``streams.seals.Leaves``."""

    def leaves(self, after: int, limit: int) -> tuple[Sequence[int], Sequence[bytes]]:
        """Return up to ``limit`` positions after this one, and the hash of each one's leaf."""

        def read(connection: psycopg.Connection) -> tuple[list[int], list[bytes]]:
            cursor = connection.cursor(binary=True)
            rows = cursor.execute(_LEAVES, (after, limit), prepare=True).fetchall()
            return [row[0] for row in rows], [
                sha256(_pack(0, position, at, version) + body).digest()
                for position, at, version, body in rows
            ]

        return self._ask(read)
