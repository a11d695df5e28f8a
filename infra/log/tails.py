"""How are streams, positions and keys read for decisions, many callers in one query?

Callers of one turn of the event loop share a query; further ones gather while it runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

import psycopg
from psycopg import pq

from commands.ports import LogUnavailable, Repeated
from domain.kernel import Envelope
from domain.registry import Registry
from infra.log import encoding
from infra.log.known import KnownVersions
from infra.log.wire import Call, Wire, WireLost

READ_SECONDS_MAX = 5.0
RECONNECT_SECONDS_MIN = 0.05
RECONNECT_SECONDS_MAX = 1.0
GATHERED_CALLS_MAX = 1_000

STATEMENTS = {
    "read_streams(text[], int[])": "select w.n, f.position, f.recorded_at, f.version, f.body"
    " from unnest($1, $2) with ordinality w(stream, version, n)"
    " join log.facts f on f.stream = w.stream and f.version > w.version"
    " order by w.n, f.version",
    "read_from(bigint, int)": "select f.position, f.recorded_at, f.version, f.body from log.facts f"
    " where f.position >= $1 order by f.position limit $2",
    "find_keys(text[])": "select w.n, k.first_position, k.facts, k.body_hash"
    " from unnest($1) with ordinality w(key, n) join log.command_keys k on k.key = w.key"
    " where k.expires_at is null or k.expires_at > clock_timestamp()",
    "read_head": "select f.position from log.facts f order by f.position desc limit 1",
    "forget_expired_keys(int)": "select log.forget_expired_keys($1)",
}

A = TypeVar("A")
R = TypeVar("R")


class Session:
    """A session that connects when it is needed, and again when it was lost: ``lost`` is told."""

    def __init__(
        self, dsn: str, statements: Mapping[str, str], name: str, lost: Callable[[], None]
    ) -> None:
        self._dsn = dsn
        self._statements = statements
        self._name = name
        self._lost = lost
        self._wire: Wire | None = None
        self._connecting = asyncio.Lock()

    async def wire(self) -> Wire:
        """Return the session, connected. Raises WireLost."""
        if self._wire is None or self._wire.lost:
            async with self._connecting:
                if self._wire is None or self._wire.lost:
                    if self._wire is not None:
                        self._lost()
                        await self._wire.close()
                    self._wire = await Wire.open(self._dsn, self._statements, self._name)
        return self._wire

    async def read(self, *calls: Call) -> list[pq.abc.PGresult]:
        """Run calls that change nothing, again if the session is lost meanwhile, for 5 s.

        Raises LogUnavailable.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + READ_SECONDS_MAX
        pause = RECONNECT_SECONDS_MIN
        while True:
            try:
                return await (await self.wire()).run(*calls)
            except WireLost as error:
                if loop.time() + pause > deadline:
                    raise LogUnavailable(str(error)) from error
            except psycopg.Error as error:
                raise LogUnavailable(str(error)) from error
            await asyncio.sleep(pause)
            pause = min(pause * 2, RECONNECT_SECONDS_MAX)

    async def close(self) -> None:
        """Disconnect."""
        if self._wire is not None:
            await self._wire.close()


class Gather(Generic[A, R]):
    """Turns calls that arrive together into one."""

    def __init__(self, together: Callable[[Sequence[A]], asyncio.Future[list[R]]]) -> None:
        self._together = together
        self._waiting: list[tuple[A, asyncio.Future[R]]] = []
        self._running: asyncio.Future[list[R]] | None = None
        self._scheduled = False

    async def __call__(self, argument: A) -> R:
        """Answer one of the calls. Raises what the call of all raised."""
        if len(self._waiting) >= GATHERED_CALLS_MAX:
            raise LogUnavailable("too many reads wait")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._waiting.append((argument, future))
        if not self._scheduled and self._running is None:
            self._scheduled = True
            loop.call_soon(self._start)
        return await future

    def _start(self) -> None:
        self._scheduled = False
        asked, self._waiting = self._waiting, []
        self._running = self._together([argument for argument, _ in asked])
        self._running.add_done_callback(lambda done: self._finish(asked, done))

    def _finish(
        self, asked: list[tuple[A, asyncio.Future[R]]], done: asyncio.Future[list[R]]
    ) -> None:
        self._running = None
        if self._waiting:
            self._start()
        error = asyncio.CancelledError() if done.cancelled() else done.exception()
        for number, (_, future) in enumerate(asked):
            if future.done():
                continue
            if error is None:
                future.set_result(done.result()[number])
            elif isinstance(error, LogUnavailable):
                future.set_exception(LogUnavailable(*error.args))
            elif isinstance(error, Exception):
                future.set_exception(error)
            else:
                future.cancel()


def envelope(registry: Registry, rows: pq.abc.PGresult, row: int, column: int) -> Envelope:
    """Decode position, recorded time, version and body, from this column on."""
    return registry.decode(
        encoding.int_of(rows.get_value(row, column)),
        encoding.moment_of(rows.get_value(row, column + 1)),
        encoding.int_of(rows.get_value(row, column + 2)),
        rows.get_value(row, column + 3) or b"",
    )


class Tails:
    """The log as decisions read it."""

    def __init__(self, dsn: str, registry: Registry, known: KnownVersions) -> None:
        self._session = Session(dsn, STATEMENTS, "registrar reads", known.forget)
        self._known = known
        self._registry = registry
        self._streams = Gather(self._spawn_streams)
        self._keys = Gather(self._spawn_keys)

    async def open(self) -> None:
        """Connect. Raises LogUnavailable."""
        await self.head()

    async def close(self) -> None:
        """Disconnect."""
        await self._session.close()

    async def streams(self, after: Mapping[str, int]) -> Mapping[str, Sequence[Envelope]]:
        """Return, per stream, the facts with a version above the one given."""
        return await self._streams(after)

    async def keys(self, keys: Sequence[str]) -> Mapping[str, Repeated]:
        """Return what stands under these keys."""
        return await self._keys(keys)

    async def head(self) -> int:
        """Return the last position, 0 in an empty log."""
        rows = (await self._session.read(Call("read_head")))[0]
        return encoding.int_of(rows.get_value(0, 0)) if rows.ntuples else 0

    async def positions(self, first: int, count: int) -> Sequence[Envelope]:
        """Return the facts at these positions."""
        call = Call("read_from", (encoding.int8(first), encoding.int4(count)))
        rows = (await self._session.read(call))[0]
        return [envelope(self._registry, rows, row, 0) for row in range(rows.ntuples)]

    async def forget_expired_keys(self, limit: int) -> int:
        """Delete up to so many command keys that are past their time; return how many were."""
        rows = (await self._session.read(Call("forget_expired_keys", (encoding.int4(limit),))))[0]
        return encoding.int_of(rows.get_value(0, 0))

    def _spawn_streams(
        self, asked: Sequence[Mapping[str, int]]
    ) -> asyncio.Future[list[Mapping[str, Sequence[Envelope]]]]:
        return asyncio.ensure_future(self._read_streams(asked))

    async def _read_streams(
        self, asked: Sequence[Mapping[str, int]]
    ) -> list[Mapping[str, Sequence[Envelope]]]:
        lowest: dict[str, int] = {}
        for after in asked:
            for stream, version in after.items():
                lowest[stream] = min(version, lowest.get(stream, version))
        names = list(lowest)
        call = Call(
            "read_streams",
            (encoding.text_array(names), encoding.int4_array(list(lowest.values()))),
        )
        rows = (await self._session.read(call))[0]
        found: dict[str, list[Envelope]] = {}
        tail: list[Envelope] = []
        before: bytes | None = None
        for row in range(rows.ntuples):
            number = rows.get_value(row, 0)
            if number != before:  # they come stream by stream
                tail = found[names[encoding.int_of(number) - 1]] = []
                before = number
            tail.append(envelope(self._registry, rows, row, 1))
        self._known.saw({stream: tail[-1].version for stream, tail in found.items()})
        return [_above(after, found) for after in asked]

    def _spawn_keys(
        self, asked: Sequence[Sequence[str]]
    ) -> asyncio.Future[list[Mapping[str, Repeated]]]:
        return asyncio.ensure_future(self._find_keys(asked))

    async def _find_keys(self, asked: Sequence[Sequence[str]]) -> list[Mapping[str, Repeated]]:
        names = list({key: None for keys in asked for key in keys})
        rows = (await self._session.read(Call("find_keys", (encoding.text_array(names),))))[0]
        found = {
            names[encoding.int_of(rows.get_value(row, 0)) - 1]: Repeated(
                encoding.int_of(rows.get_value(row, 1)),
                encoding.int_of(rows.get_value(row, 2)),
                rows.get_value(row, 3) or b"",
            )
            for row in range(rows.ntuples)
        }
        return [{key: found[key] for key in keys if key in found} for keys in asked]


def _above(
    after: Mapping[str, int], found: Mapping[str, Sequence[Envelope]]
) -> dict[str, Sequence[Envelope]]:
    answer: dict[str, Sequence[Envelope]] = {}
    for stream, version in after.items():
        tail = found.get(stream)
        if tail and tail[0].version <= version:
            tail = [envelope for envelope in tail if envelope.version > version]
        if tail:
            answer[stream] = tail
    return answer
