"""How are readings kept in PostgreSQL?

A generation of a reading has tables of its own; the views of the schema ``views`` show the live
one. A batch goes in by binary COPY, in one transaction with the position, which is compared and set
first: that also fences a second writer. Commits do not wait for the disk: a batch that a crash of
the server takes back is taken with its position, and is read from the log again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import msgspec
import psycopg
from msgspec.structs import astuple
from psycopg import errors, sql
from psycopg_pool import PoolTimeout

from infra.pools import CONNECT_SECONDS_MAX, pool
from infra.stores import statements, status
from infra.stores.columns import Column, columns_of, copied, reader
from projections.ports import (
    Action,
    Changes,
    FollowerStatus,
    Generation,
    Parked,
    ReadingState,
    ReadingStatus,
    Request,
    StalePosition,
    StoreUnavailable,
)
from projections.reading import Key, Reading

CONNECTIONS_MAX = 3
"""One follows the log, one writes a rebuild beside it, one is for people asking."""
LOCK_WAIT_MS_MAX = 500
"""How long taking over a view may wait for its readers, while new ones queue up behind."""
OPTIONS = (
    "-c jit=off -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off"
    " -c enable_mergejoin=off -c synchronous_commit=off -c application_name=registrar-readings"
    " -c client_min_messages=warning"
)
LEAD_LOCK = 7_236_002
"""The advisory lock of the one process that moves the readings."""
CHANNEL = "readings"
"""Says ``name position`` whenever the live generation of a reading has moved."""

_KEY = msgspec.json.Encoder()
_STATES = (
    "select name, generation, version, position, live, epoch, moved_at, error"
    " from readings.state order by name, generation"
)


class PostgresStore:
    """Implements ``projections.ports.ReadingStore``, ``ReadingRequests`` and ``StatusReader``."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._leading: psycopg.Connection | None = None
        self._leads = False
        self._pool = pool(dsn, CONNECTIONS_MAX, OPTIONS)

    def close(self) -> None:
        """Let the connections go, and with them the lead."""
        self._give_up_lead()
        self._pool.close()

    def lead(self) -> bool:
        """Return whether it falls to this process to move the readings."""
        with unavailable():
            try:
                if self._leading is None:
                    self._leading = psycopg.connect(
                        self._dsn, autocommit=True, connect_timeout=int(CONNECT_SECONDS_MAX)
                    )
                if not self._leads:
                    self._leads = bool(
                        self._one(self._leading, "select pg_try_advisory_lock(%s)", LEAD_LOCK)
                    )
                else:
                    self._leading.execute("select")
            except psycopg.OperationalError:
                self._give_up_lead()
                raise
        return self._leads

    def _give_up_lead(self) -> None:
        if self._leading is not None:
            self._leading.close()
        self._leading, self._leads = None, False

    def states(self) -> Sequence[ReadingState]:
        """Return every generation of every reading that exists."""
        with self._connection() as connection:
            rows = connection.execute(_STATES).fetchall()
        return [ReadingState(*row) for row in rows]

    def create(self, reading: Reading, epoch: str) -> ReadingState:
        """Make empty tables for the next generation."""
        with self._transaction() as connection:
            number = self._one(
                connection,
                "insert into readings.generations as g (name, last) values (%s, 1)"
                " on conflict (name) do update set last = g.last + 1 returning last",
                reading.name,
            )
            of = Generation(reading, cast("int", number))
            live = not self._one(
                connection,
                "select exists (select from readings.state where name = %s and live)",
                reading.name,
            )
            connection.execute(
                "insert into readings.state (name, generation, version, position, live, epoch)"
                " values (%s, %s, %s, 0, %s, %s)",
                (reading.name, of.number, reading.version, live, epoch),
            )
            made = statements.create(of)
            if live:
                made += statements.indexes(of)
                made += [statements.view(of, view) for view in reading.views]
            for statement in made:
                _run(connection, statement)
        return ReadingState(reading.name, of.number, reading.version, 0, live, epoch, None, None)

    def load(self, of: Generation, documents: str, keys: Iterable[Key]) -> dict[Key, Any]:
        """Return the documents under these keys."""
        kind = statements.kinds(of.reading)[documents]
        arrays = [list(part) for part in zip(*keys, strict=True)]
        if not arrays:
            return {}
        with self._connection() as connection:
            cursor = connection.cursor(binary=True)
            rows = cursor.execute(sql.SQL(statements.load(of, kind)), arrays).fetchall()
        read = reader(kind.row)
        at = [kind.row.__struct_fields__.index(name) for name in kind.key]
        return {tuple(row[i] for i in at): read(row) for row in rows}

    def parked(self, of: Generation) -> Sequence[Parked]:
        """Return what is put aside."""
        with self._connection() as connection:
            rows = connection.execute(
                "select documents, key, position, error from readings.parked"
                " where name = %s and generation = %s order by documents, key, position",
                (of.reading.name, of.number),
            ).fetchall()
        return [
            Parked(documents, tuple(msgspec.json.decode(key)), position, error)
            for documents, key, position, error in rows
        ]

    def apply(self, of: Generation, expected_position: int, changes: Changes) -> None:
        """Write one batch and its position in one transaction."""
        name, number = of.reading.name, of.number
        with self._transaction() as connection:
            live = self._one(
                connection,
                "update readings.state set position = %s, moved_at = clock_timestamp(),"
                " error = null, error_at = null"
                " where name = %s and generation = %s and position = %s returning live",
                changes.position,
                name,
                number,
                expected_position,
            )
            if live is None:
                raise StalePosition(f"{name} generation {number} is not at {expected_position}")
            self._write_documents(connection, of, changes)
            self._write_tallies(connection, of, changes)
            self._write_parked(connection, of, changes)
            if live:
                connection.execute(
                    "select pg_notify(%s, %s)", (CHANNEL, f"{name} {changes.position}")
                )

    def promote(self, of: Generation) -> None:
        """Make this generation the live one."""
        name = of.reading.name
        for statement in statements.indexes(of):
            with self._connection() as connection:
                _run(connection, statement)
        for statement in statements.analyze(of):
            with self._connection() as connection:
                _run(connection, statement)
        with self._transaction() as connection:
            _run(connection, f"set local lock_timeout = {LOCK_WAIT_MS_MAX}")
            for view in of.reading.views:
                _run(connection, statements.view(of, view))
            connection.execute(
                "update readings.state set live = false where name = %s and live", (name,)
            )
            position = self._one(
                connection,
                "update readings.state set live = true where name = %s and generation = %s"
                " returning position",
                name,
                of.number,
            )
            if position is None:
                raise StalePosition(f"{name} has no generation {of.number}")
            connection.execute("select pg_notify(%s, %s)", (CHANNEL, f"{name} {position}"))

    def sweep(self, name: str) -> None:
        """Drop the generations older than the live one, as far as nobody reads them."""
        for state in self.states():
            older = [s for s in self.states() if s.name == name and s.live]
            if state.name == name and older and state.generation < older[0].generation:
                self.drop(name, state.generation)

    def drop(self, name: str, number: int) -> None:
        """Drop a generation that is not live."""
        with self._transaction() as connection:
            _run(connection, f"set local lock_timeout = {LOCK_WAIT_MS_MAX}")
            version = self._one(
                connection,
                "delete from readings.state where name = %s and generation = %s and not live"
                " returning version",
                name,
                number,
            )
            if version is None:
                return
            connection.execute(
                "delete from readings.parked where name = %s and generation = %s", (name, number)
            )
            pattern = statements.tables(name, cast("int", version), number)
            tables = connection.execute(
                "select tablename from pg_tables where schemaname = 'readings' and tablename ~ %s",
                (pattern,),
            ).fetchall()
            for (table,) in tables:
                connection.execute(
                    sql.SQL("drop table {}").format(sql.Identifier(statements.SCHEMA, table))
                )

    def taken(self, of: Generation, position: int) -> None:
        """Note how far a generation being filled has got."""
        with self._connection() as connection:
            connection.execute(
                "update readings.state set taken = %s where name = %s and generation = %s",
                (position, of.reading.name, of.number),
            )

    def fault(self, of: Generation, error: str | None) -> None:
        """Note what keeps a generation from moving."""
        with self._connection() as connection:
            connection.execute(
                "update readings.state set error = %s,"
                " error_at = case when %s::text is null then null else clock_timestamp() end"
                " where name = %s and generation = %s",
                (error, error, of.reading.name, of.number),
            )

    def ask(self, name: str, action: Action) -> Request:
        """Leave a request, unless it is there already."""
        with self._transaction() as connection:
            connection.execute(
                "insert into readings.requests (name, action) values (%s, %s)"
                " on conflict (name, action) where done_at is null do nothing",
                (name, action),
            )
            number = self._one(
                connection,
                "select number from readings.requests"
                " where name = %s and action = %s and done_at is null",
                name,
                action,
            )
        return Request(cast("int", number), name, action)

    def asked(self) -> Sequence[Request]:
        """Return the open requests."""
        with self._connection() as connection:
            rows = connection.execute(
                "select number, name, action from readings.requests where done_at is null"
                " order by number"
            ).fetchall()
        return [Request(*row) for row in rows]

    def done(self, request: Request, result: str) -> None:
        """Close a request."""
        with self._connection() as connection:
            connection.execute(
                "update readings.requests set done_at = clock_timestamp(), result = %s"
                " where number = %s and done_at is null",
                (result, request.number),
            )

    def result(self, request: Request) -> str | None:
        """Return what came of a request."""
        with self._connection() as connection:
            found = self._one(
                connection, "select result from readings.requests where number = %s", request.number
            )
        return cast("str | None", found)

    def status(self) -> Sequence[ReadingStatus]:
        """Return how every reading is doing."""
        with self._connection() as connection:
            return status.readings(connection)

    def followers(self) -> Sequence[FollowerStatus]:
        """Return how every follower is doing."""
        with self._connection() as connection:
            return status.followers(connection)

    def _write_documents(
        self, connection: psycopg.Connection, of: Generation, changes: Changes
    ) -> None:
        for documents in of.reading.documents:
            changed = changes.documents.get(documents.name)
            if not changed:
                continue
            columns = columns_of(documents.row)
            created = set(changes.created.get(documents.name, ()))
            new = sorted(created)
            old = sorted(key for key in changed if key not in created)
            if new:
                rows = (astuple(changed[key]) for key in new)
                _copy(connection, statements.insert(of, documents.name, columns), columns, rows)
            if old:
                rows = (astuple(changed[key]) for key in old)
                make, fill = statements.stage(of, documents.name, columns)
                _run(connection, make)
                _copy(connection, fill, columns, rows)
                _run(connection, statements.update(of, documents))

    def _write_tallies(
        self, connection: psycopg.Connection, of: Generation, changes: Changes
    ) -> None:
        for tally in of.reading.tallies:
            deltas = changes.deltas.get(tally.name)
            if not deltas:
                continue
            columns = statements.tally_columns(tally)
            make, fill = statements.stage(of, tally.name, columns)
            _run(connection, make)
            _copy(connection, fill, columns, (key + amounts for key, amounts in deltas.items()))
            _run(connection, statements.add(of, tally))

    def _write_parked(
        self, connection: psycopg.Connection, of: Generation, changes: Changes
    ) -> None:
        at = (of.reading.name, of.number)
        for one in changes.unparked:
            connection.execute(
                "delete from readings.parked where name = %s and generation = %s"
                " and documents = %s and key = %s and position = %s",
                (*at, one.documents, _key_text(one.key), one.position),
            )
        for one in changes.parked:
            connection.execute(
                "insert into readings.parked (name, generation, documents, key, position, error)"
                " values (%s, %s, %s, %s, %s, %s) on conflict (name, generation, documents, key,"
                " position) do update set error = excluded.error",
                (*at, one.documents, _key_text(one.key), one.position, one.error),
            )

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        with unavailable():
            self._pool.open()
            with self._pool.connection() as connection:
                yield connection

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection]:
        with self._connection() as connection, connection.transaction():
            yield connection

    def _one(self, connection: psycopg.Connection, statement: str, *values: Any) -> Any:
        row = connection.execute(sql.SQL(statement), values).fetchone()
        return row[0] if row else None


@contextmanager
def unavailable() -> Iterator[None]:
    """Tell an engine that is away, or held by others, from one that refuses what it was asked."""
    try:
        yield
    except PoolTimeout as error:
        raise StoreUnavailable("the database cannot be reached") from error
    except (errors.LockNotAvailable, errors.QueryCanceled) as error:
        raise StoreUnavailable("the tables are in use") from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise StoreUnavailable(str(error).strip() or "the connection was lost") from error


def _run(connection: psycopg.Connection, statement: str) -> None:
    connection.execute(sql.SQL(statement))  # built from names of ours


def _copy(
    connection: psycopg.Connection,
    statement: str,
    columns: Sequence[Column],
    rows: Iterable[Iterable[Any]],
) -> None:
    data = copied(columns, rows)
    with connection.cursor() as cursor, cursor.copy(sql.SQL(statement)) as copy:
        copy.write(data)


def _key_text(key: Key) -> str:
    return _KEY.encode(key).decode()
