"""How are wrapped keys kept in a file, where there is no server for them?"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

from commands.ports import KeysUnavailable

BUSY_SECONDS_MAX = 5.0
"""How long a process waits for another one's transaction."""


class SqliteDatabase:
    """Implements ``infra.keys.rows.Database`` in a file, which several processes may share.

    What is deleted or overwritten is zeroed in the file, and no write-ahead log keeps it.
    """

    bytes_type: LiteralString = "blob"
    alone: LiteralString = "select 1"  # a transaction that writes is alone already

    def __init__(self, file: Path) -> None:
        self._file = file
        self._turn = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def transaction(self, *, writes: bool) -> Iterator[_Cursor]:
        """Have a transaction."""
        with self._turn:
            try:
                connection = self._open()
                connection.execute("begin immediate" if writes else "begin")
                try:
                    yield _Cursor(connection)
                    connection.execute("commit")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("rollback")
                    raise
            except (sqlite3.Error, OSError) as error:
                self._drop()
                raise KeysUnavailable(f"the store of keys cannot be reached: {error}") from error

    def close(self) -> None:
        """Let the file go."""
        with self._turn:
            self._drop()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file.touch(mode=0o600)
            connection = sqlite3.connect(
                self._file, BUSY_SECONDS_MAX, isolation_level=None, check_same_thread=False
            )
            for pragma in ("secure_delete = on", "journal_mode = delete", "synchronous = extra"):
                connection.execute(f"pragma {pragma}").fetchall()
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Cursor:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(
        self, statement: LiteralString, parameters: Sequence[Any] = ()
    ) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, parameters).fetchall()

    def count(self, statement: LiteralString, parameters: Sequence[Any] = ()) -> int:
        return self._connection.execute(statement, parameters).rowcount

    def each(self, statement: LiteralString, parameters: Sequence[Sequence[Any]]) -> None:
        self._connection.executemany(statement, parameters)
