"""How does a process hold a stream that others write too, instead of losing races for it?

The stream's lock queues across processes, first come first served. It is held for one read, the
decisions, and the append, in one transaction; the append and its commit go out together, so the
log's own lock never waits for a client.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import psycopg

from commands.ports import Append, LogUnavailable, Lost, Outcome
from domain.kernel import Envelope
from domain.registry import Registry
from infra.log import calls, encoding, fate
from infra.log.batch import Batch
from infra.log.known import KnownVersions
from infra.log.pending import Pending
from infra.log.refused import unavailable
from infra.log.tails import Session, envelope
from infra.log.wire import Call, Wire, WireLost

HOLDS_MAX = 4
"""Streams held at once by one process, each on a session of its own."""
FATE_SECONDS_MAX = 5.0
FATE_RETRY_SECONDS = 0.1

STATEMENTS = {
    **calls.STATEMENTS,
    **fate.STATEMENTS,
    "hold_stream(text)": "select pg_advisory_xact_lock(hashtextextended($1, 0))",
    "read_tail(text, int)": "select f.position, f.recorded_at, f.version, f.body from log.facts f"
    " where f.stream = $1 and f.version > $2 order by f.version",
}
_BEGIN = Call("begin", prepared=False)
_COMMIT = Call("commit", prepared=False)
_ROLLBACK = Call("rollback", prepared=False)


class Holds:
    """The sessions on which streams are held."""

    def __init__(self, dsn: str, registry: Registry, known: KnownVersions) -> None:
        self._known = known
        self._registry = registry
        self._sessions = [
            Session(dsn, STATEMENTS, "registrar exclusive", known.forget) for _ in range(HOLDS_MAX)
        ]
        self._free = list(self._sessions)
        self._turn = asyncio.Semaphore(HOLDS_MAX)

    @asynccontextmanager
    async def hold(self, stream: str) -> AsyncIterator[Hold]:
        """Wait for the stream, and hold it until the append or the end of the block.

        Raises LogUnavailable, also where others hold it for more than 5 s.
        """
        async with self._turn:
            session = self._free.pop()
            try:
                wire = await _take(session, stream)
                hold = Hold(session, wire, stream, self._registry, self._known)
                try:
                    yield hold
                finally:
                    await hold.let_go()
            finally:
                self._free.append(session)

    async def close(self) -> None:
        """Disconnect."""
        for session in self._sessions:
            await session.close()


async def _take(session: Session, stream: str) -> Wire:
    hold_stream = Call("hold_stream", (stream.encode(),))
    try:
        wire = await session.wire()
        try:
            await wire.run(_BEGIN, hold_stream)
        except BaseException:
            await wire.close()  # it may hold the stream, or come to hold it
            raise
    except (WireLost, psycopg.Error) as error:
        raise LogUnavailable(str(error)) from error
    return wire


class Hold:
    """One stream, held (commands.ports.Exclusive)."""

    def __init__(
        self,
        session: Session,
        wire: Wire,
        stream: str,
        registry: Registry,
        known: KnownVersions,
    ) -> None:
        self._known = known
        self._session = session
        self._wire = wire
        self._stream = stream
        self._registry = registry
        self._held = True

    async def read(self, after_version: int) -> Sequence[Envelope]:
        """Return the stream's facts with a higher version, in order. Raises LogUnavailable."""
        call = Call("read_tail", (self._stream.encode(), encoding.int4(after_version)))
        try:
            rows = (await self._wire.run(call))[0]
        except (WireLost, psycopg.Error) as error:
            raise LogUnavailable(str(error)) from error
        tail = [envelope(self._registry, rows, row, 0) for row in range(rows.ntuples)]
        if tail:
            self._known.saw({self._stream: tail[-1].version})
        return tail

    async def append(self, requests: Sequence[Append]) -> Sequence[Outcome]:
        """Record a batch in one transaction and let the stream go. At most once per hold.

        Raises LogUnavailable where the outcome could not be learned.
        """
        if not self._held:
            raise RuntimeError("a stream that is held is appended to once")
        loop = asyncio.get_running_loop()
        gathered = Batch()
        pending = [Pending(request, loop.create_future(), (), 0.0) for request in requests]
        refused = [None if gathered.add(each) else gathered.contradicted for each in pending]
        if not gathered.requests:
            return []
        self._held = False
        try:
            replies = await self._wire.run(calls.call_all(gathered, self._known), _COMMIT)
            found: list[Outcome] = calls.outcomes(gathered, self._known, replies[0])
        except WireLost:
            found = await self._learn(gathered)
        except psycopg.Error as error:
            await self._roll_back()
            raise unavailable(error) from error
        told = iter(found)
        return [next(told) if streams is None else Lost(streams) for streams in refused]

    async def let_go(self) -> None:
        """Release the stream, if the append has not."""
        if self._held:
            self._held = False
            await self._roll_back()

    async def _roll_back(self) -> None:
        try:
            await self._wire.run(_ROLLBACK)
        except (WireLost, psycopg.Error):
            await self._wire.close()

    async def _learn(self, gathered: Batch) -> list[Outcome]:
        lost = self._wire.backend
        loop = asyncio.get_running_loop()
        deadline = loop.time() + FATE_SECONDS_MAX
        while True:
            try:
                found = await fate.learn(await self._session.wire(), lost, gathered.requests)
            except (WireLost, psycopg.Error) as error:
                if loop.time() > deadline:
                    raise LogUnavailable(str(error)) from error
                await asyncio.sleep(FATE_RETRY_SECONDS)
            else:
                return [appended or Lost(()) for appended in found]
