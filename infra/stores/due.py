"""What does the scheduler read of what falls due, and where does it note how far it is?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg.types.json import Jsonb

from commands.requests import Cause
from infra.outages import unavailable
from infra.pools import pool
from projections.due import DUE
from projections.ports import StoreUnavailable
from streams.policies.scheduler import NAME
from streams.ports import Due, DueKey, Mark, Order, Standing, Timed

CONNECTIONS_MAX = 2
PAGE_ENTRIES_MAX = 500
NOWHERE = DueKey("", "", "", "", "")

_STANDING = """
  select min(s.position), coalesce((select max(position) from log.facts), 0), min(s.epoch),
    clock_timestamp()
  from readings.state s where s.live and s.name = %s
"""
_ENTRIES = """
  select tenant, kind, run, subject, thing, due_at, position, each, command, body, cause,
    correlation
  from views.due
"""
_LATE = f"""{_ENTRIES}
  where position > %(over)s and position <= %(until)s and due_at <= %(through)s
    and (position, tenant, kind, run, subject, thing)
      > (%(over)s + 1, %(tenant)s, %(kind)s, %(run)s, %(subject)s, %(thing)s)
  order by position, tenant, kind, run, subject, thing limit %(limit)s
"""
_COMING = f"""{_ENTRIES}
  where due_at > %(over)s and due_at <= %(until)s and position <= %(position)s
    and (due_at, tenant, kind, run, subject, thing)
      > (%(over)s + interval '1 microsecond', %(tenant)s, %(kind)s, %(run)s, %(subject)s, %(thing)s)
  order by due_at, tenant, kind, run, subject, thing limit %(limit)s
"""
_AGAIN = """
  select key, tenant, command, body, cause, correlation, again_at, tries, error
  from readings.postponed where again_at <= %s order by again_at, key limit %s
"""
_POSTPONE = """
  insert into readings.postponed
    (key, tenant, command, body, cause, correlation, again_at, tries, error)
  values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
  on conflict (key) do update set again_at = excluded.again_at, tries = excluded.tries,
    error = excluded.error
"""


class PostgresDue:
    """Implements ``streams.ports.DueList``."""

    def __init__(self, dsn: str) -> None:
        self._pool = pool(dsn, CONNECTIONS_MAX, "-c application_name=registrar-scheduler")

    def close(self) -> None:
        """Let the connections go."""
        self._pool.close()

    def standing(self) -> Standing:
        """Return how far the reading is."""
        with self._connection() as connection:
            row = connection.execute(_STANDING, (DUE.name,)).fetchone()
        if row is None or row[0] is None:
            raise StoreUnavailable("the reading of what falls due is not made yet")
        return Standing(*row)

    def begin(self, mark: Mark) -> Mark:
        """Return how far was sent; a new scheduler begins here."""
        with self._connection() as connection:
            connection.execute(
                "insert into readings.followers (name, position, due_through, began_at, epoch)"
                " values (%s, %s, %s, %s, %s) on conflict (name) do nothing",
                (NAME, *mark),
            )
            row = connection.execute(
                "select position, due_through, began_at, epoch from readings.followers"
                " where name = %s",
                (NAME,),
            ).fetchone()
        if row is None:
            raise AssertionError("it has just been made")
        return Mark(*row)

    def move(self, before: Mark, after: Mark) -> bool:
        """Note how far was sent."""
        with self._connection() as connection:
            cursor = connection.execute(
                "update readings.followers set position = %s, due_through = %s, epoch = %s,"
                " moved_at = clock_timestamp()"
                " where name = %s and position = %s and due_through = %s and epoch = %s",
                (
                    *(after.position, after.through, after.epoch, NAME),
                    *(before.position, before.through, before.epoch),
                ),
            )
            return cursor.rowcount == 1

    def late(self, mark: Mark, position: int, after: DueKey | None) -> Sequence[Due]:
        """Return a page of what new facts say was due already."""
        values = {"over": mark.position, "until": position, "through": mark.through}
        return self._page(_LATE, values, after)

    def coming(self, mark: Mark, through: datetime, after: DueKey | None) -> Sequence[Due]:
        """Return a page of what falls due by this moment."""
        values = {"over": mark.through, "until": through, "position": mark.position}
        return self._page(_COMING, values, after)

    def again(self, now: datetime) -> Sequence[Timed]:
        """Return a page of what is kept to be sent by now."""
        with self._connection() as connection:
            rows = connection.execute(_AGAIN, (now, PAGE_ENTRIES_MAX)).fetchall()
        return [
            Timed(
                Order(command, body, key), tenant, Cause(cause, about), at, tries, error, kept=True
            )
            for key, tenant, command, body, cause, about, at, tries, error in rows
        ]

    def postpone(self, order: Timed) -> None:
        """Keep this, in the place of what its key may stand for."""
        wanted = order.order
        with self._connection() as connection:
            connection.execute(
                _POSTPONE,
                (
                    *(wanted.key, order.tenant, wanted.command, Jsonb(dict(wanted.body))),
                    *(order.cause.id, order.cause.correlation_id),
                    *(order.again_at, order.tries, order.error),
                ),
            )

    def settle(self, key: str) -> None:
        """Keep nothing under this key any more."""
        with self._connection() as connection:
            connection.execute("delete from readings.postponed where key = %s", (key,))

    def _page(
        self, statement: LiteralString, values: dict[str, Any], after: DueKey | None
    ) -> list[Due]:
        place = after or NOWHERE
        with self._connection() as connection:
            rows = connection.execute(
                statement, values | place._asdict() | {"limit": PAGE_ENTRIES_MAX}
            ).fetchall()
        return [
            Due(DueKey(*key), at, position, each, command, body, Cause(cause, about))
            for *key, at, position, each, command, body, cause, about in rows
        ]

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        self._pool.open()
        with unavailable(), self._pool.connection() as connection:
            yield connection
