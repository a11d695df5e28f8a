"""How does a worker tell the read APIs at once that a reading moved?

A notice is a hint: where one is lost, whoever waits looks for himself a moment later.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable

import redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from infra.cache.shared import REST_SECONDS

READINGS = "readings"
CLOSE_SECONDS_MAX = 2.0
CONNECT_SECONDS_MAX = 1.0
SILENCE_SECONDS_MAX = 5.0
"""After which a subscriber asks Redis whether it is still there."""

_log = logging.getLogger(__name__)


def channel(cluster: str) -> str:
    """Return the channel of a cluster's readings. A message is the name of one, and pairs of a
    partition and its position."""
    return f"{cluster}:{READINGS}"


class Publisher:
    """Tells that readings moved, from a thread of its own: nobody waits for Redis. Of several moves
    of one partition that have not been told yet, the last is told."""

    def __init__(self, url: str, cluster: str) -> None:
        self._redis = redis.Redis.from_url(
            url,
            socket_timeout=CONNECT_SECONDS_MAX,
            socket_connect_timeout=CONNECT_SECONDS_MAX,
            retry=Retry(NoBackoff(), 0),
        )
        self._channel = channel(cluster)
        self._changed = threading.Condition()
        self._untold: dict[str, dict[int, int]] = {}
        self._closed = False
        self._thread = threading.Thread(target=self._tell, name="notices", daemon=True)
        self._thread.start()

    def moved(self, name: str, partition: int, position: int) -> None:
        """Say that a partition of a reading is committed up to here. Never raises or waits."""
        with self._changed:
            self._untold.setdefault(name, {})[partition] = position
            self._changed.notify()

    def close(self) -> None:
        """Stop telling, within two seconds."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(CLOSE_SECONDS_MAX)
        self._redis.close()

    def _tell(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._untold)
                if self._closed:
                    return
                untold, self._untold = self._untold, {}
            try:
                with self._redis.pipeline(transaction=False) as together:
                    for name, positions in untold.items():
                        pairs = " ".join(f"{number} {at}" for number, at in positions.items())
                        together.publish(self._channel, f"{name} {pairs}")
                    together.execute()
            except (RedisError, OSError) as error:
                _log.info("notices are not told: %s", error)
                self._rest()

    def _rest(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed, REST_SECONDS)


class RedisSource:
    """Implements ``infra.log.notices.Source``: what the publishers of a cluster tell."""

    def __init__(self, url: str, cluster: str) -> None:
        self._url = url
        self._channel = channel(cluster)

    async def listen(self, tell: Callable[[str, str], None]) -> None:
        """Pass notices on; where Redis is away, try again until it is there."""
        away = False
        while True:
            client = AsyncRedis.from_url(
                self._url,
                socket_timeout=CONNECT_SECONDS_MAX,
                socket_connect_timeout=CONNECT_SECONDS_MAX,
                retry=AsyncRetry(NoBackoff(), 0),
                decode_responses=True,
            )
            try:
                async with client.pubsub() as heard:
                    await heard.subscribe(self._channel)
                    tell(READINGS, "")
                    away = False
                    await self._pass_on(heard, tell)
            except (RedisError, OSError, TimeoutError) as error:
                if not away:
                    _log.warning("not listening to Redis for notices: %s", error)
                away = True
            finally:
                with contextlib.suppress(RedisError, OSError, TimeoutError):
                    await client.aclose()
            await asyncio.sleep(REST_SECONDS)

    async def _pass_on(self, heard: PubSub, tell: Callable[[str, str], None]) -> None:
        pinged = False
        while True:
            message = await heard.get_message(timeout=SILENCE_SECONDS_MAX)
            if message is not None:
                pinged = False
                if message["type"] == "message":
                    tell(READINGS, message["data"])
            elif pinged:
                raise TimeoutError("Redis is silent")
            else:
                await heard.ping()
                pinged = True
