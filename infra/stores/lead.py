"""Does it fall to this process to move the readings?"""

from __future__ import annotations

import psycopg

from infra.outages import unavailable
from infra.pools import CONNECT_SECONDS_MAX

LEAD_LOCK = 7_236_002
"""The advisory lock of the one process that moves the readings."""


class Lead:
    """The lead as one process holds it or waits for it, on a connection of its own."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: psycopg.Connection | None = None
        self._held = False

    def take(self) -> bool:
        """Return whether the lead is this process's. Raises StoreUnavailable."""
        with unavailable():
            try:
                if self._connection is None:
                    self._connection = psycopg.connect(
                        self._dsn, autocommit=True, connect_timeout=int(CONNECT_SECONDS_MAX)
                    )
                if not self._held:
                    ((self._held,),) = self._connection.execute(
                        "select pg_try_advisory_lock(%s)", (LEAD_LOCK,)
                    ).fetchall()
                else:
                    self._connection.execute("select")
            except psycopg.OperationalError:
                self.give_up()
                raise
        return self._held

    def give_up(self) -> None:
        """Let the connection go, and with it the lead."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._held = None, False
