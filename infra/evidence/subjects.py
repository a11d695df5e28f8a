"""At which positions does the log speak of one learner, without reading all of it?

The history reading has that in an index, off the append's path: an index on the log itself would
cost each fact another quarter of the server's work.
"""

from __future__ import annotations

from typing import NamedTuple

import psycopg
from psycopg.rows import dict_row

from infra.outages import unavailable
from infra.pools import CONNECT_SECONDS_MAX
from infra.stores.positions import STANDING, least, standing

_IS_MADE = "select to_regclass('views.history') is not null as made"
_EPOCHS = """
  select s.epoch = e.name as same from readings.state s, log.epoch e
  where s.name = 'history' and s.live
"""
_PARKED = """
  select min(p.position) as first from readings.parked p
  join readings.state s on s.name = p.name and s.generation = p.generation
  where s.name = 'history' and s.live
"""
_POSITIONS = """
  select position from views.history
  where tenant = %(tenant)s and subject = %(subject)s and position <= %(through)s
  order by position
"""


class Known(NamedTuple):
    """All positions up to and with ``through`` that are about a subject, in order."""

    through: int
    positions: list[int]


def known(dsn: str, tenant: str, subject: str) -> Known:
    """Return what the history reading knows, as far as it has put nothing aside; without one,
    nothing up to 0. Raises StoreUnavailable."""
    with (
        unavailable(),
        psycopg.connect(
            dsn, connect_timeout=int(CONNECT_SECONDS_MAX), row_factory=dict_row
        ) as connection,
    ):
        if not connection.execute(_IS_MADE).fetchall()[0]["made"]:
            return Known(0, [])
        # Each statement has a snapshot of its own, and nobody swaps the tables in between.
        connection.execute("lock table views.history in access share mode")
        if not all(row["same"] for row in connection.execute(_EPOCHS)):
            return Known(0, [])
        rows = connection.execute(STANDING, {"names": ["history"]}).fetchall()
        through = least(standing(rows), ["history"], subject)
        parked = connection.execute(_PARKED).fetchall()[0]["first"]
        if parked is not None:
            through = min(through, parked - 1)
        of = {"tenant": tenant, "subject": subject}
        found = connection.execute(_POSITIONS, of | {"through": through})
        return Known(through, [row["position"] for row in found])
