"""How does the sealer read the leaves of the log, with the least work?

It shares the machine with whoever appends, so what it does per fact counts: the server hashes the
leaves where they are, and no body travels. That gives the server no say in what is proven: it is
who hands out the bodies otherwise, and whoever audits hashes those anew.
"""

from __future__ import annotations

import psycopg

from infra.log.reader import PostgresLogReader
from streams.seals import Page

# A leaf as domain.evidence.tree.leaf_hash has it. PostgreSQL's own times are microseconds since
# 2000; 262,968 hours later they are those since 1970.
_LEAVES = """
  select min(position), max(position), string_agg(hash, null order by position) from (
    select position, sha256(
      '\\x00'::bytea || int8send(position)
      || timestamptz_send(recorded_at + interval '262968 hours') || int8send(version) || body
    ) as hash
    from log.facts where position > %s order by position limit %s
  ) leaves
"""


class PostgresLeaves(PostgresLogReader):
    """Implements ``streams.seals.Leaves``."""

    def leaves(self, after: int, limit: int) -> Page | None:
        """Return up to ``limit`` leaves after this position; None: there are none."""

        def read(connection: psycopg.Connection) -> Page | None:
            cursor = connection.cursor(binary=True)
            row = cursor.execute(_LEAVES, (after, limit), prepare=True).fetchone()
            return None if row is None or row[0] is None else Page(*row)

        return self._ask(read)
