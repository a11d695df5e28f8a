"""How are readings kept in PostgreSQL?

A batch goes in in one transaction with the position, which is compared and set first: that also
fences a second writer. Commits do not wait for the disk: a batch that a crash of the server takes
back is taken with its position, and is read from the log again. Documents may stand elsewhere (a
*shelf*); where each generation stands, and what is put aside, is here for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors

from infra.outages import unavailable
from infra.pools import pool
from infra.stores import parked, requests, states, status
from infra.stores.lead import Lead
from infra.stores.shelves import Shelf
from infra.stores.tables import Tables, few, run
from projections.ports import (
    CatchUp,
    Changes,
    Generation,
    Move,
    Parked,
    Place,
    ReadingState,
    StalePosition,
)
from projections.reading import Key, Reading
from projections.requests import Action, Request
from projections.status import DueStatus, FollowerStatus, ReadingStatus

CONNECTIONS_MAX = 3
"""One follows the log, one writes a rebuild beside it, one is for people asking."""
LOCK_WAIT_MS_MAX = 500
"""How long taking over a view may wait for its readers, while new ones queue up behind."""
OPTIONS = (
    "-c jit=off -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off"
    " -c enable_mergejoin=off -c synchronous_commit=off -c application_name=registrar-readings"
    " -c client_min_messages=warning"
)


class PostgresStore:
    """Implements ``projections.ports.PartitionStore``, ``ReadingRequests`` and ``StatusReader``.

    The documents of readings that ``shelves`` names stand there, all others in tables.
    """

    def __init__(self, dsn: str, shelves: Mapping[str, Shelf] | None = None) -> None:
        self._tables: Shelf = Tables()
        self._shelves = shelves or {}
        self._lead = Lead(dsn)
        self._prepared: set[tuple[str, int]] = set()
        self._pool = pool(dsn, CONNECTIONS_MAX, OPTIONS)

    def close(self) -> None:
        """Let the connections go, and with them the lead."""
        self._lead.give_up()
        self._pool.close()

    def lead(self) -> bool:
        """Return whether it falls to this process to move the readings."""
        return self._lead.take()

    def states(self) -> Sequence[ReadingState]:
        """Return every generation of every reading that exists."""
        with self.connection() as connection:
            return states.all_states(connection)

    def create(self, reading: Reading, epoch: str, partitions: int = 1) -> ReadingState:
        """Make empty tables for the next generation."""
        with self.transaction() as connection:
            state = states.begin(connection, reading, epoch, partitions)
            of = Generation(reading, state.generation)
            self._shelf(reading.name).make(connection, of, state.live)
        return state

    def load(self, of: Generation, documents: str, keys: Iterable[Key]) -> dict[Key, Any]:
        """Return the documents under these keys."""
        try:
            with self.connection() as connection:
                return self._shelf(of.reading.name).load(connection, of, documents, keys)
        except errors.UndefinedTable:
            raise StalePosition(f"{of.reading.name} has no generation {of.number}") from None

    def parked(self, of: Generation) -> Sequence[Parked]:
        """Return what is put aside."""
        with self.connection() as connection:
            return parked.read(connection, of)

    def apply(self, of: Generation, expected_position: int, changes: Changes) -> None:
        """Write one batch and its position in one transaction."""
        with self._writing(changes) as connection:
            live = states.move_all(connection, of, expected_position, changes)
            self._shelf(of.reading.name).write(connection, of, changes, live)

    def places(self, name: str) -> Sequence[Place]:
        """Return where the partitions of the live generation stand."""
        with self.connection() as connection:
            return states.places(connection, name)

    def move(self, of: Generation, moves: Sequence[Move], changes: Changes) -> None:
        """Write one batch that moves these partitions in one transaction."""
        if changes.nothing:  # each partition by itself is as good, and saves two round trips
            with self.connection() as connection:
                states.move_parts(connection, of, moves, changes)
            return
        with self._writing(changes) as connection:
            states.move_parts(connection, of, moves, changes)
            self._shelf(of.reading.name).write(connection, of, changes, True)

    def alive(self, name: str, partitions: Sequence[int]) -> None:
        """Note that these partitions have a worker."""
        with self.connection() as connection:
            states.alive(connection, name, partitions)

    def promote(self, of: Generation, catch_up: CatchUp | None = None) -> None:
        """Make this generation the live one."""
        shelf, at = self._shelf(of.reading.name), (of.reading.name, of.number)
        if at not in self._prepared:  # once: while it takes its time, the live one moves on
            with self.connection() as connection:
                shelf.prepare(connection, of)
            self._prepared.add(at)
        with self.transaction() as connection:
            run(connection, f"set local lock_timeout = {LOCK_WAIT_MS_MAX}")
            ahead = states.hold(connection, of)
            if ahead is not None and catch_up is not None:
                catch_up(ahead)  # over other connections: the rows of this generation are free
            states.promote(connection, of)
            shelf.show(connection, of)

    def sweep(self, name: str) -> None:
        """Drop the generations older than the live one, as far as nobody reads them."""
        for state in self.states():
            older = [s for s in self.states() if s.name == name and s.live]
            if state.name == name and older and state.generation < older[0].generation:
                self.drop(name, state.generation)

    def drop(self, name: str, number: int) -> None:
        """Drop a generation that is not live."""
        with self.transaction() as connection:
            run(connection, f"set local lock_timeout = {LOCK_WAIT_MS_MAX}")
            version = states.forget(connection, name, number)
            if version is not None:
                self._shelf(name).remove(connection, name, version, number)

    def taken(self, of: Generation, position: int) -> None:
        """Note how far a generation being filled has got."""
        with self.connection() as connection:
            states.taken(connection, of, position)

    def fault(self, of: Generation, error: str | None) -> None:
        """Note what keeps a generation from moving."""
        with self.connection() as connection:
            states.fault(connection, of, error)

    def ask(self, name: str, action: Action) -> Request:
        """Leave a request, unless it is there already."""
        with self.transaction() as connection:
            return requests.ask(connection, name, action)

    def asked(self) -> Sequence[Request]:
        """Return the open requests."""
        with self.connection() as connection:
            return requests.asked(connection)

    def done(self, request: Request, result: str) -> None:
        """Close a request."""
        with self.connection() as connection:
            requests.done(connection, request, result)

    def result(self, request: Request) -> str | None:
        """Return what came of a request."""
        with self.connection() as connection:
            return requests.result(connection, request)

    def status(self) -> Sequence[ReadingStatus]:
        """Return how every reading is doing."""
        with self.connection() as connection:
            return status.readings(connection)

    def followers(self) -> Sequence[FollowerStatus]:
        """Return how every follower is doing."""
        with self.connection() as connection:
            return status.followers(connection)

    def due(self) -> DueStatus:
        """Return how what falls due is getting sent."""
        with self.connection() as connection:
            return status.due(connection)

    def _shelf(self, name: str) -> Shelf:
        return self._shelves.get(name, self._tables)

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        """Hold a connection, in autocommit. Raises StoreUnavailable."""
        with unavailable():
            self._pool.open()
            with self._pool.connection() as connection:
                yield connection

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection]:
        """Hold a connection in a transaction. Raises StoreUnavailable."""
        with self.connection() as connection, connection.transaction():
            yield connection

    @contextmanager
    def _writing(self, changes: Changes) -> Iterator[psycopg.Connection]:
        """Hold a connection in a transaction; what is sent of a few changes travels together."""
        if not few(changes):
            with self.transaction() as connection:
                yield connection
            return
        with self.connection() as connection:
            try:
                with connection.pipeline():
                    connection.execute("begin")
                    yield connection
                    connection.execute("commit")
            except BaseException:
                connection.close()  # the server takes back what was not committed
                raise
