"""How do readings follow the log in PostgreSQL?"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

import psycopg
from psycopg.sql import SQL

from infra.log.wire import CONNECT_SECONDS_MAX, SESSION
from projections.ports import RawFact, StoreUnavailable

POLL_SECONDS_MAX = 1.0
"""A notification that was missed delays a reading by so much, no more."""
RETRY_SECONDS = 0.2
STATEMENT_SECONDS_MAX = 60

T = TypeVar("T")

_PAGE = (
    "select position, recorded_at, version, body from log.facts"
    " where position > %s order by position limit %s"
)
_HEAD = "select position, recorded_at from log.facts order by position desc limit 1"


class PostgresLogReader:
    """The log as readings follow it (projections.ports.LogReader), for one thread.

    Only what is needed is read, in binary: over a million facts a second. A lost session is made
    again when next asked; what cannot be asked raises StoreUnavailable.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: psycopg.Connection | None = None
        self._heard = 0
        self._believed = -1

    def page(self, after: int, limit: int) -> Sequence[RawFact]:
        """Return up to ``limit`` facts with a higher position, in order."""

        def read(connection: psycopg.Connection) -> list[RawFact]:
            cursor = connection.cursor(binary=True)
            rows = cursor.execute(_PAGE, (after, limit), prepare=True).fetchall()
            return [RawFact(*row) for row in rows]

        return self._ask(read)

    def head(self) -> tuple[int, datetime | None]:
        """Return the last position and its recorded time (0 and None in an empty log)."""

        def read(connection: psycopg.Connection) -> tuple[int, datetime | None]:
            row = connection.cursor(binary=True).execute(_HEAD, prepare=True).fetchone()
            return (0, None) if row is None else (row[0], row[1])

        return self._ask(read)

    def epoch(self) -> str:
        """Return the log's epoch."""

        def read(connection: psycopg.Connection) -> str:
            row = connection.execute("select name from log.epoch").fetchone()
            if row is None:
                raise StoreUnavailable("the log has no epoch")
            return str(row[0])

        return self._ask(read)

    def position_at(self, moment: datetime) -> int:
        """Return the last position recorded at or before an aware moment; 0: none."""

        def read(connection: psycopg.Connection) -> int:
            row = connection.execute("select log.position_at(%s)", (moment,)).fetchone()
            return 0 if row is None else int(row[0])

        return self._ask(read)

    def wait(self, beyond: int, seconds: float) -> bool:
        """Block until the log holds a position beyond this one, at most so long. True: it does, or
        so it was told, which is believed once.

        While the log cannot be reached it holds nothing.
        """
        deadline = time.monotonic() + seconds
        while True:
            remaining = deadline - time.monotonic()
            try:
                if self._heard > beyond and self._believed != beyond:
                    self._believed = beyond
                    return True
                self._heard = 0  # whoever has a login can notify
                if self.head()[0] > beyond:
                    return True
                if remaining <= 0:
                    return False
                self._ask(lambda connection: self._listen(connection, beyond, deadline))
            except StoreUnavailable:
                if remaining <= 0:
                    return False
                time.sleep(min(RETRY_SECONDS, remaining))

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _listen(self, connection: psycopg.Connection, beyond: int, deadline: float) -> None:
        """Wait for a notification of a position beyond this one, 1 s at most."""
        until = min(deadline, time.monotonic() + POLL_SECONDS_MAX)
        pgconn = connection.pgconn
        while self._heard <= beyond and (remaining := until - time.monotonic()) > 0:
            ready, _, _ = select.select([pgconn.socket], [], [], remaining)
            if ready:
                pgconn.consume_input()
                while (notification := pgconn.notifies()) is not None:
                    self._hear(notification.extra.decode())

    def _hear(self, payload: str) -> None:
        if payload.isdecimal():  # whoever has a login can notify
            self._heard = max(self._heard, int(payload))

    def _ask(self, question: Callable[[psycopg.Connection], T]) -> T:
        """Put a question, a second time on a new session if the first was lost."""
        for attempt in (1, 2):
            try:
                return question(self._connected())
            except psycopg.OperationalError as error:
                self.close()
                if attempt == 2:
                    raise StoreUnavailable(str(error).strip()) from error
        raise AssertionError("unreachable")

    def _connected(self) -> psycopg.Connection:
        if self._connection is None or self._connection.closed:
            connection = psycopg.connect(
                self._dsn,
                autocommit=True,
                connect_timeout=CONNECT_SECONDS_MAX,
                application_name="registrar reader",
            )
            connection.execute(SQL(SESSION))
            connection.execute(f"set statement_timeout = '{STATEMENT_SECONDS_MAX}s'")
            connection.add_notify_handler(lambda notify: self._hear(notify.payload))
            connection.execute("listen log")
            self._heard = 0  # the log may be another one now
            self._connection = connection
        return self._connection
