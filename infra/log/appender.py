"""How do the decisions of one process get into the log together?

Group commit: what waits goes to the server in one call, while the next requests gather. At low
load a batch is one request and waits for nobody. When many wait at once, they go in two halves, the
second one behind the first, so that the server works while this process answers and takes in more.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

import psycopg

from commands.ports import Append, Appended, LogUnavailable, Lost, Outcome
from infra.log import calls, fate
from infra.log.batch import Batch
from infra.log.known import KnownVersions
from infra.log.pending import Pending
from infra.log.refused import Warnings, unavailable
from infra.log.wire import Backend, Reply, Wire, WireLost

QUEUE_REQUESTS_MAX = 10_000
WAIT_SECONDS_MAX = 5.0
"""How long a request waits for a log that cannot be reached before it is told so."""
SPLIT_REQUESTS_MIN = 128
"""From so many on, half of those that wait are sent first, and the other half behind it."""
IN_FLIGHT_BATCHES_MAX = 2
RECONNECT_SECONDS_MIN = 0.05
RECONNECT_SECONDS_MAX = 1.0

STATEMENTS = {**calls.STATEMENTS, **fate.STATEMENTS}
_NOT_ONE = ("23505", "P0002")
"""append_one could not: log.append tells why."""


class Appender:
    """The one that appends, for one event loop."""

    def __init__(
        self, dsn: str, known: KnownVersions, sent: Callable[[int], None] = lambda _: None
    ) -> None:
        self._dsn = dsn
        self._sent = sent
        self._known = known
        self._warnings = Warnings()
        self._queue: deque[Pending] = deque()
        self._wire: Wire | None = None
        self._in_flight: list[Batch] = []
        self._contested = False
        self._tails: dict[str, int] = {}
        """The versions just recorded, where requests wait that contradicted them."""
        self._scheduled = False
        self._alone = True
        """Whether the last batch was one request: then the next one waits for no others."""
        self._closing = False
        self._down_since: float | None = None
        self._reconnecting: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect. Raises LogUnavailable."""
        try:
            self._wire = await self._connect()
        except WireLost as error:
            raise LogUnavailable(str(error)) from error

    async def close(self) -> None:
        """Record what was submitted, within 5 s, and disconnect."""
        self._closing = True
        waiting = [p.future for p in (*self._sent_requests(), *self._queue)]
        if waiting:
            await asyncio.wait(waiting, timeout=WAIT_SECONDS_MAX)
        if self._reconnecting is not None:
            self._reconnecting.cancel()
            await asyncio.gather(self._reconnecting, return_exceptions=True)
        if self._wire is not None:
            await self._wire.close()
        self._expire(float("inf"))

    def submit(
        self, request: Append, after: Sequence[asyncio.Future[Outcome]]
    ) -> asyncio.Future[Outcome]:
        """Queue a request. Raises ValueError for one that no log may take."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        now = loop.time()
        pending = Pending(request, future, after, now + WAIT_SECONDS_MAX)
        down = self._down_since is not None and now - self._down_since > WAIT_SECONDS_MAX
        if self._closing or down or len(self._queue) >= QUEUE_REQUESTS_MAX:
            refusal = LogUnavailable("the log takes no more requests at the moment")
            loop.call_soon(_fail, [pending], refusal)  # not at once: a caller may try in a loop
            return future
        self._queue.append(pending)
        if self._in_flight:
            pending.encoded()  # while the server is busy
            self._schedule()
        elif self._alone and not self._scheduled:
            self._flush(1)
        else:
            self._schedule()
        return future

    @property
    def _may_send(self) -> bool:
        """Whether a batch may go: the only one, or a large one that rests on nothing in flight."""
        if self._wire is None or not self._queue:
            return False
        return not self._in_flight or (
            len(self._in_flight) < IN_FLIGHT_BATCHES_MAX
            and len(self._queue) >= SPLIT_REQUESTS_MIN // 2
            and not self._contested
        )

    def _schedule(self) -> None:
        if not self._scheduled and self._may_send:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._begin)

    def _begin(self) -> None:
        self._scheduled = False
        for _ in range(IN_FLIGHT_BATCHES_MAX):
            if self._may_send:
                waiting = len(self._queue)
                split = waiting >= SPLIT_REQUESTS_MIN and not self._in_flight
                self._flush((waiting + 1) // 2 if split else waiting)

    def _flush(self, count: int) -> None:
        """Send a batch of up to so many requests, if there are any that may go now."""
        wire = self._wire
        if wire is None or not self._queue:
            return
        gathered, held = Batch(), []
        tails, self._tails = self._tails, {}
        while self._queue and len(gathered.requests) < count and not gathered.full:
            pending = self._queue.popleft()
            if pending.future.done():
                continue  # nobody waits for it any more
            if pending.after and _predecessor_lost(pending):
                pending.future.set_result(Lost(()))
            elif tails and (moved := _moved(pending, tails)):
                pending.future.set_result(Lost(moved))
            elif not gathered.add(pending):
                held.append(pending)
        self._queue.extendleft(reversed(held))
        self._contested = bool(held)
        count = len(gathered.requests)
        if count:
            self._in_flight.append(gathered)
            self._alone = count == 1
            self._sent(count)
            wire.send([calls.call(gathered, self._known)], partial(self._answered, gathered))
        elif held:
            self._schedule()

    def _answered(self, sent: Batch, reply: Reply) -> None:
        if isinstance(reply, WireLost):
            self._lost_wire()
            return
        if isinstance(reply, psycopg.Error):
            if len(sent.requests) == 1 and sent.facts == 1 and reply.sqlstate in _NOT_ONE:
                if self._wire is not None:
                    call = calls.call_all(sent, self._known)
                    self._wire.send([call], partial(self._answered, sent))
                return
            self._warnings.tell(reply)
            _fail(sent.requests, reply)
        elif isinstance(reply, Exception):
            _fail(sent.requests, reply)
        else:
            outcomes = calls.outcomes(sent, self._known, reply[0])
            for pending, outcome in zip(sent.requests, outcomes, strict=True):
                if not pending.future.done():
                    pending.future.set_result(outcome)
                if self._contested and isinstance(outcome, Appended):
                    self._tails.update(pending.last)
        self._in_flight.remove(sent)
        self._contested = self._contested and bool(self._in_flight)
        if self._may_send and len(self._queue) > len(sent.requests):
            self._flush(len(self._queue))
        else:
            self._schedule()  # those answered now may have more, which then goes along

    def _sent_requests(self) -> list[Pending]:
        return [pending for sent in self._in_flight for pending in sent.requests]

    def _lost_wire(self) -> None:
        lost, self._wire = self._wire, None
        if lost is None:
            return  # the batch before it was told, and both are looked for
        self._known.forget()
        loop = asyncio.get_running_loop()
        self._down_since = loop.time()
        if not self._closing or self._in_flight:
            self._reconnecting = loop.create_task(self._reconnect(lost.backend))

    async def _reconnect(self, lost: Backend) -> None:
        """Connect again, learn what came of the batch in flight, and go on."""
        loop = asyncio.get_running_loop()
        pause = RECONNECT_SECONDS_MIN
        while True:
            wire = None
            try:
                wire = await self._connect()
                await self._settle(wire, lost)
            except (WireLost, psycopg.Error):
                if wire is not None:
                    await wire.close()
                self._expire(loop.time())
                await asyncio.sleep(pause)
                pause = min(pause * 2, RECONNECT_SECONDS_MAX)
                continue
            self._wire, self._down_since = wire, None
            self._schedule()
            return

    async def _settle(self, wire: Wire, lost: Backend) -> None:
        """Answer what was recorded, and put the rest back, in order, to be sent again."""
        sent = self._sent_requests()
        if not sent:
            return
        found = await fate.learn(wire, lost, sent)
        again = []
        for pending, appended in zip(sent, found, strict=True):
            if pending.future.done():
                continue
            if appended is not None:
                pending.future.set_result(appended)
            else:
                again.append(pending)
        self._in_flight.clear()
        self._queue.extendleft(reversed(again))

    def _expire(self, now: float) -> None:
        """Tell those that have waited too long; they are not sent any more."""
        late = [p for p in (*self._sent_requests(), *self._queue) if p.deadline <= now]
        _fail(late, LogUnavailable("the log did not answer in time"))
        self._queue = deque(p for p in self._queue if not p.future.done())

    async def _connect(self) -> Wire:
        return await Wire.open(self._dsn, STATEMENTS, "registrar appender")


def _predecessor_lost(pending: Pending) -> bool:
    for future in pending.after:
        if future.done() and (
            future.cancelled()
            or future.exception() is not None
            or not isinstance(future.result(), Appended)
        ):
            return True
    return False


def _moved(pending: Pending, tails: dict[str, int]) -> tuple[str, ...]:
    """Return the streams that are known to have moved; none for a key, which may be repeated."""
    if pending.request.key is not None:
        return ()
    expected = (*pending.writes, *pending.request.conditions)
    return tuple(stream for stream, version in expected if tails.get(stream, 0) > version)


def _fail(requests: Sequence[Pending], error: Exception) -> None:
    for pending in requests:
        if not pending.future.done():
            pending.future.set_exception(unavailable(error))
