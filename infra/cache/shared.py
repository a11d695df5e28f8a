"""How is Redis asked, so that it can be empty, slow or gone and nobody waits for it?"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

TURN_SECONDS = 0.005
TURNS_MAX = 10
"""A call takes 50 ms at most, counted in turns of the event loop that were not late themselves:
that this process is busy is not Redis's fault."""
BACKSTOP_SECONDS = 1.0
REST_SECONDS = 1.0
"""How long Redis is left alone after a call that failed."""
FLIGHTS_MAX = 2
"""Calls at a time. What is asked meanwhile goes into the next one, together."""
COMMANDS_A_FLIGHT_MAX = 500
WAITING_MAX = 5_000
"""Commands on the ground; of what comes beyond, nothing is asked."""

Command = tuple[str | bytes | int | float, ...]

_log = logging.getLogger(__name__)


class _Asked(NamedTuple):
    command: Command
    reply: asyncio.Future[Any] | None


class Shared:
    """Redis as one process sees it. Every key of the cluster begins with its name and the epoch of
    the log, so that another epoch finds nothing.

    ``epoch`` says which epoch the log has, None while that is not known: then Redis is not asked,
    because what it holds might belong to another log.
    """

    def __init__(
        self,
        url: str,
        cluster: str,
        epoch: Callable[[], str | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cluster = cluster
        self._epoch = epoch
        self._clock = clock
        self._rests_until = 0.0
        self._failed = False
        self._waiting: deque[_Asked] = deque()
        self._flights: set[asyncio.Task[None]] = set()
        self._due = False
        self._redis: Redis = Redis.from_pool(
            BlockingConnectionPool.from_url(
                url,
                max_connections=FLIGHTS_MAX,
                timeout=BACKSTOP_SECONDS,
                socket_timeout=BACKSTOP_SECONDS,
                socket_connect_timeout=BACKSTOP_SECONDS,
                retry=Retry(NoBackoff(), 0),
                protocol=2,  # 3 costs a round trip more to connect
            )
        )

    async def close(self) -> None:
        """Let the connections go. What is still on its way comes to nothing."""
        flights = list(self._flights)
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        self._answer(list(self._waiting), [])
        self._waiting.clear()
        await self._redis.aclose()

    @property
    def reachable(self) -> bool:
        """Whether the last call was answered, or none was made yet."""
        return not self._failed

    async def ask(self, command: Callable[[str], Command]) -> Any:
        """Return Redis's reply to a command, which is made of the beginning of all keys; None where
        there is no reply within the bound, or Redis is being left alone."""
        asked = self._take(command, asyncio.get_running_loop().create_future())
        return None if asked is None or asked.reply is None else await asked.reply

    def tell(self, command: Callable[[str], Command]) -> None:
        """Send a command and wait for nothing."""
        self._take(command, None)

    def _take(
        self, command: Callable[[str], Command], reply: asyncio.Future[Any] | None
    ) -> _Asked | None:
        epoch = self._epoch()
        if epoch is None or self._clock() < self._rests_until or len(self._waiting) >= WAITING_MAX:
            return None
        asked = _Asked(command(f"{self._cluster}:{epoch}:"), reply)
        self._waiting.append(asked)
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._take_off)
        return asked

    def _take_off(self) -> None:
        self._due = False
        if not self._waiting or len(self._flights) >= FLIGHTS_MAX:
            return
        count = min(COMMANDS_A_FLIGHT_MAX, len(self._waiting))
        asked = [self._waiting.popleft() for _ in range(count)]
        flight = asyncio.create_task(self._fly(asked), name="redis")
        self._flights.add(flight)
        flight.add_done_callback(self._landed)

    def _landed(self, flight: asyncio.Task[None]) -> None:
        self._flights.discard(flight)
        if not flight.cancelled():
            self._take_off()

    async def _fly(self, asked: list[_Asked]) -> None:
        replies: list[Any] = []
        try:
            replies = await self._call(asked)
            if self._failed:
                _log.warning("Redis is back")
                self._failed = False
        except (RedisError, OSError, TimeoutError) as error:
            self._rests_until = self._clock() + REST_SECONDS
            if not self._failed:
                _log.warning("doing without Redis: %s", error)
            self._failed = True
            asked += self._waiting
            self._waiting.clear()
        finally:
            self._answer(asked, replies)

    async def _call(self, asked: list[_Asked]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as together:
            for one in asked:
                together.execute_command(*one.command)
            call = asyncio.ensure_future(together.execute(raise_on_error=False))
            try:
                for _ in range(TURNS_MAX):
                    await asyncio.wait({call}, timeout=TURN_SECONDS)
                    if call.done():
                        return call.result()
                raise TimeoutError("it is too slow")
            finally:
                call.cancel()
                await asyncio.gather(call, return_exceptions=True)

    def _answer(self, asked: list[_Asked], replies: list[Any]) -> None:
        """Give everybody a reply; whoever has none, or an error for one, gets None."""
        replies = replies + [None] * (len(asked) - len(replies))
        for one, reply in zip(asked, replies, strict=True):
            if one.reply is not None and not one.reply.done():
                one.reply.set_result(None if isinstance(reply, Exception) else reply)
