"""Until when are learners kept, as the readings tell?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from psycopg.rows import dict_row

from commands.requests import Cause
from infra.outages import unavailable
from infra.pools import pool
from projections.ports import StoreUnavailable
from projections.retention import (
    IN_FORCE,
    RETENTION,
    SUBJECTS,
    SUBJECTS_A_PAGE,
    TRACES,
    kept,
    rules_of,
)
from streams.ports import Ended, EndedPage

CONNECTIONS_MAX = 1

READINGS = ("history", "progress", "catalogue", "learners", RETENTION.name)
# Who erases must know what happened last: readings that lack something are waited for.
_KNOWN = """
  with live as (
    select name, generation, position from readings.state where live and name = any(%(names)s))
  select
    (select count(distinct name) from live) = cardinality(%(names)s)
      and not exists (select from readings.parked p join live using (name, generation))
      and not exists (select from log.facts f
                      where f.position = (select min(position) + 1 from live)
                        and f.recorded_at < clock_timestamp() - interval '1 hour')
"""
_SETTLED = """
  select tenant from views.retention_rules group by tenant
  having max(published_at) <= %s and bool_or(not retired) order by tenant
"""


class PostgresRetained:
    """Implements ``streams.ports.Retained``."""

    def __init__(self, dsn: str) -> None:
        self._pool = pool(dsn, CONNECTIONS_MAX, "-c application_name=registrar-retention")

    def close(self) -> None:
        """Let the connection go."""
        self._pool.close()

    def settled(self, since: datetime) -> Sequence[str]:
        """Return the tenants with rules that were not changed since then."""
        self._pool.open()
        with unavailable(), self._pool.connection() as connection:
            row = connection.execute(_KNOWN, {"names": list(READINGS)}).fetchone()
            if row is None or not row[0]:
                raise StoreUnavailable("the readings are behind, or have put something aside")
            return [tenant for (tenant,) in connection.execute(_SETTLED, (since,)).fetchall()]

    def page(self, tenant: str, after: str) -> EndedPage:
        """Return some learners whose keeping ends."""
        of = {"tenant": tenant}
        self._pool.open()
        with unavailable(), self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            rules = cursor.execute(IN_FORCE, of).fetchall()
            found = cursor.execute(
                SUBJECTS, of | {"after": after, "limit": SUBJECTS_A_PAGE}
            ).fetchall()
            subjects = [row["subject"] for row in found]
            traces = cursor.execute(TRACES, of | {"subjects": subjects}).fetchall()
        causes = {row["rule"]: Cause(row["fact"], row["correlation"]) for row in rules}
        ended = [
            Ended(one.subject, one.until, one.position, causes[one.rule])
            for one in kept(rules_of(rules), traces)
            if one.until is not None and not one.held and not one.asked
        ]
        return EndedPage(ended, subjects[-1] if len(subjects) == SUBJECTS_A_PAGE else None)
