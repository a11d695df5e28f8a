"""How does one event loop talk to one PostgreSQL session with the least work and no surprises?

psycopg opens the session; statements then go through libpq's pipeline directly, because the
general way costs more than the server needs for a small append. What is sent together up to one
sync is one implicit transaction, unless it opens its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import psycopg
from psycopg import pq
from psycopg.sql import SQL

CONNECT_SECONDS_MAX = 3
REPLY_SECONDS_MAX = 6.0
"""After so long without a reply the session is given up; the server's own limit comes first."""
STATEMENT_SECONDS_MAX = 5
IDLE_IN_TRANSACTION_SECONDS_MAX = 3
"""A process that is frozen while it holds a stream loses it after so long."""

SESSION = f"""
set default_transaction_isolation = 'read committed';
set synchronous_commit = on;
set timezone = 'UTC';
set statement_timeout = '{STATEMENT_SECONDS_MAX}s';
set idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION_SECONDS_MAX}s';
set jit = off;
set plan_cache_mode = force_generic_plan;
set enable_seqscan = off;
set enable_hashjoin = off;
set enable_mergejoin = off;
"""
"""A plan that was cached while a table was empty would scan it for ever: only index plans."""

_BINARY = 1
_LOST_STATES = ("08", "57P01", "57P02", "57P03", "57P05", "25P03")


class WireLost(Exception):
    """The session is gone; whether the server took what was in flight is not known."""


class Backend(NamedTuple):
    """A server process; with its start, because process ids come again."""

    pid: int
    started: str


class Call(NamedTuple):
    """One prepared statement to run, its parameters in binary format; or plain SQL."""

    statement: str
    parameters: Sequence[bytes | None] = ()
    prepared: bool = True


Reply = list[pq.abc.PGresult] | Exception
Answer = Callable[[Reply], None]


class _Flight:
    """Calls that were sent up to one sync, whom to tell, and until when a reply must be there."""

    __slots__ = ("answer", "deadline", "results")

    def __init__(self, answer: Answer, deadline: float) -> None:
        self.answer = answer
        self.deadline = deadline
        self.results: list[pq.abc.PGresult] = []


class Wire:
    """One session. ``send`` may be called while earlier calls are in flight: replies keep order."""

    def __init__(self, connection: psycopg.AsyncConnection, backend: Backend) -> None:
        self.backend = backend
        self._connection = connection
        self._pg = connection.pgconn
        self._loop = asyncio.get_running_loop()
        self._flights: deque[_Flight] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self._writing = False
        self.lost = False
        self._pg.enter_pipeline_mode()
        self._fd = self._pg.socket
        self._loop.add_reader(self._fd, self._readable)

    @classmethod
    async def open(cls, dsn: str, statements: Mapping[str, str], name: str) -> Wire:
        """Open a session with these prepared statements (name with types: query).

        Raises WireLost where the server cannot be reached within 3 s.
        """
        try:
            connection = await psycopg.AsyncConnection.connect(
                dsn, autocommit=True, connect_timeout=CONNECT_SECONDS_MAX, application_name=name
            )
        except psycopg.OperationalError as error:
            raise WireLost(str(error).strip()) from error
        try:
            async with asyncio.timeout(REPLY_SECONDS_MAX):
                await connection.execute(SQL(SESSION))
                for signature, query in statements.items():
                    await connection.execute(SQL(f"prepare {signature} as {query}"))
                cursor = await connection.execute(
                    "select backend_start::text from pg_stat_activity where pid = pg_backend_pid()"
                )
                row = await cursor.fetchone()
        except (psycopg.OperationalError, TimeoutError) as error:
            await connection.close()
            raise WireLost(str(error).strip()) from error
        except BaseException:
            await connection.close()
            raise
        started = str(row[0]) if row else ""
        return cls(connection, Backend(connection.pgconn.backend_pid, started))

    def send(self, calls: Sequence[Call], answer: Answer) -> None:
        """Send calls as one unit; ``answer`` gets their results, a psycopg.Error, or WireLost."""
        self._flights.append(_Flight(answer, self._loop.time() + REPLY_SECONDS_MAX))
        if self._watch is None:
            self._watch = self._loop.call_later(REPLY_SECONDS_MAX, self._look)
        if self.lost:
            self._lose("the session is closed")
            return
        try:
            for statement, parameters, prepared in calls:
                if prepared:
                    formats = [_BINARY] * len(parameters)
                    self._pg.send_query_prepared(statement.encode(), parameters, formats, _BINARY)
                else:
                    self._pg.send_query_params(statement.encode(), None, result_format=_BINARY)
            self._pg.pipeline_sync()
            self._flush()
        except psycopg.OperationalError as error:
            self._lose(str(error))

    async def run(self, *calls: Call) -> list[pq.abc.PGresult]:
        """Send calls as one unit and wait. Raises psycopg.Error or WireLost."""
        done: asyncio.Future[list[pq.abc.PGresult]] = self._loop.create_future()

        def answer(reply: Reply) -> None:
            if done.done():
                return
            if isinstance(reply, Exception):
                done.set_exception(reply)
            else:
                done.set_result(reply)

        self.send(calls, answer)
        return await done

    async def close(self) -> None:
        """End the session; what is in flight is told that it is lost."""
        self._lose("the session is closed")
        await self._connection.close()

    def _flush(self) -> None:
        unsent = self._pg.flush() == 1
        if unsent and not self._writing:
            self._loop.add_writer(self._fd, self._writable)
        elif not unsent and self._writing:
            self._loop.remove_writer(self._fd)
        self._writing = unsent

    def _writable(self) -> None:
        try:
            self._flush()
        except psycopg.OperationalError as error:
            self._lose(str(error))

    def _readable(self) -> None:
        pg = self._pg
        try:
            pg.consume_input()
            if self._writing:
                self._flush()
            while self._flights and not pg.is_busy():
                result = pg.get_result()
                if result is None:
                    continue
                if result.status == pq.ExecStatus.PIPELINE_SYNC:
                    flight = self._flights.popleft()
                    flight.answer(_reply(flight.results))
                else:
                    self._flights[0].results.append(result)
        except psycopg.OperationalError as error:
            self._lose(str(error))
            return
        if pg.status == pq.ConnStatus.BAD:
            self._lose("the server closed the session")

    def _look(self) -> None:
        """Give up where a reply is overdue; one timer a session, for making one costs as much
        as encoding a request."""
        self._watch = None
        if self._flights:
            left = self._flights[0].deadline - self._loop.time()
            if left <= 0:
                self._lose("no reply in time")
            else:
                self._watch = self._loop.call_later(left, self._look)

    def _lose(self, why: str) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if not self.lost:
            self.lost = True
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)
            self._pg.finish()
        flights, self._flights = self._flights, deque()
        for flight in flights:
            flight.answer(WireLost(why.strip()))


def _reply(results: list[pq.abc.PGresult]) -> Reply:
    for result in results:
        if result.status == pq.ExecStatus.FATAL_ERROR:
            state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
            said = (result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b"").decode()
            if state.startswith(_LOST_STATES):
                return WireLost(said)
            return _error(state, said)
    return results


def _error(state: str, said: str) -> psycopg.Error:
    try:
        kind = psycopg.errors.lookup(state)
    except KeyError:
        kind = psycopg.DatabaseError
    error: psycopg.Error = kind(said)
    return error
