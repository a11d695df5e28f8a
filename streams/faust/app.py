"""How does a Faust app keep one reading up, and end at the first doubt?

The settings and the loop are those that lost nothing when Faust's own ways of taking messages did:
messages are acknowledged by hand, strictly after the commit and in order, and no exception ever
leaves the agent, because Faust would then acknowledge what was not done. The process ends instead,
and whoever supervises it starts it again.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NoReturn, cast

import faust
from faust.types import EventT, StreamT

from projections.ports import StoreUnavailable
from streams.faust.gathering import GatheringStream
from streams.faust.seek import ReadingTransport
from streams.faust.worker import Arrived, Worker

DOUBT = 70
"""The exit code of a process that must be started again (EX_SOFTWARE of sysexits)."""
PACKS_MAX = 1_000
"""Messages gathered for one batch: most are small while facts trickle in."""
BATCH_BYTES_MAX = 16 * 1024 * 1024
"""No more is gathered once there is so much."""
WITHIN_SECONDS = 0.01
"""How long messages are gathered, where nothing else is said."""
REST_TIMES, REST_SECONDS_MAX = 1, 0.05
"""While facts trickle in, the worker rests as long as the last batch took: a batch costs much
the same for 1 fact and for 100."""
TRICKLE_FACTS_MAX, TRICKLE_PACKS_MAX = 500, 100
"""A batch with more facts than that, or as many messages however small, is followed by the next at
once."""
POLL_SECONDS_MAX = 3_600.0
"""A worker waits for its store for as long as it takes, and stays in its group: who is put out of
it for that does not always find back, and nobody else could go on either."""
METADATA_MS_MAX = 3_000
"""So soon a worker learns of the topic that was not there when it joined its group: until then it
has no partition, and nobody tells it."""
RETRY_SECONDS = 0.5
BEAT_SECONDS = 2.0
BEHIND_SECONDS_MAX = 30.0
"""A worker whose batch takes longer is not well."""

_log = logging.getLogger(__name__)


class ReadingApp:
    """Keeps one reading up in a process. ``instance``, if given, is unique among those that run at
    a time, and the same after a restart: then nobody waits for a rebalance (Kafka's static
    membership)."""

    def __init__(
        self,
        worker: Worker,
        brokers: str,
        topic: str,
        group: str,
        instance: str | None = None,
        within_seconds: float = WITHIN_SECONDS,
    ) -> None:
        self.worker = worker
        self.waits: str | None = None
        self._within_seconds = within_seconds
        self._busy_since: float | None = None
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=worker.reading.name)
        self._app = faust.App(
            group,
            broker=[f"aiokafka://{broker}" for broker in brokers.split(",")],
            store="memory://",
            datadir=tempfile.gettempdir(),
            topic_disable_leader=True,
            topic_allow_declare=False,
            processing_guarantee="at_least_once",
            consumer_auto_offset_reset="earliest",
            consumer_group_instance_id=instance,
            consumer_metadata_max_age_ms=METADATA_MS_MAX,
            broker_session_timeout=6,
            broker_heartbeat_interval=1.5,
            broker_rebalance_timeout=6,
            broker_request_timeout=15,
            broker_max_poll_interval=POLL_SECONDS_MAX,
            broker_commit_interval=1,
            Stream=GatheringStream,
            stream_wait_empty=False,
            stream_recovery_delay=0,
            web_enabled=False,
            web_tables_enabled=False,
            worker_redirect_stdouts=False,
        )
        self._app.transport = ReadingTransport(
            self._assign, self._app.conf.broker_consumer, self._app
        )
        source = self._app.topic(topic, value_type=bytes, value_serializer="raw")
        self._app.agent(source, name=f"{group}.keep", concurrency=1)(self._keep)

    def fault(self) -> str | None:
        """Return why the worker does not move on though it should; None: it does, or has no need
        to."""
        since = self._busy_since
        if since is not None and time.monotonic() - since > BEHIND_SECONDS_MAX:
            return self.waits or f"one batch takes longer than {BEHIND_SECONDS_MAX:.0f} s"
        return None

    def behind(self) -> float:
        """Return how many facts it has not taken in yet, as far as it knows: it does not where it
        waits or has no partition."""
        positions = self.worker.positions()
        if self.waits is not None or not positions:
            return math.inf
        return max(0, self.worker.head - min(positions.values()))

    def doing(self) -> str:
        """Return in a few words where it is."""
        if self.waits is not None:
            return f"waits: {self.waits}"
        if not self.worker.assigned:
            return "no partition is assigned"
        part = f"partitions {_ranges(self.worker.assigned)}"
        positions = self.worker.positions()
        if not positions:
            return part
        return f"{part}: {self.behind():,.0f} behind at {min(positions.values()):,}"

    async def keep(self) -> NoReturn:
        """Keep the reading up until this is cancelled; the process ends with 70 at any doubt."""
        await self._app.start()
        ended = [
            asyncio.create_task(self._app.wait_until_stopped()),
            asyncio.create_task(self._beat(), name="beat"),
        ]
        await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)
        _end(f"the worker of {self.worker.reading.name} came to an end by itself")

    async def stop(self) -> None:
        """Give its partitions back. Raises what hinders it."""
        await self._app.stop()

    def _assign(self, numbers: Any) -> dict[int, int]:
        """In a thread of Faust's; the worker's own thread must have done with what it was doing."""
        return self._executor.submit(self._assigned, list(numbers)).result()

    def _assigned(self, numbers: Sequence[int]) -> dict[int, int]:
        while True:
            try:
                offsets = self.worker.assign(numbers)
            except StoreUnavailable as error:
                self._wait(error)
            else:
                _log.info("%s has partitions %s", self.worker.reading.name, list(numbers))
                self.waits = None
                return offsets

    async def _keep(self, messages: StreamT[Any]) -> None:
        stream = cast("GatheringStream", messages)
        try:
            async for events in stream.gathered(PACKS_MAX, BATCH_BYTES_MAX, self._within_seconds):
                await self._take_in(stream, events)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            _end(f"{self.worker.reading.name} stops: {type(error).__name__}: {error}")
        if not self._app.should_stop:
            _end(f"{self.worker.reading.name} stops: no more messages come")

    async def _take_in(self, stream: GatheringStream, events: Sequence[EventT[Any]]) -> None:
        began, facts = time.monotonic(), self.worker.facts
        arrived = [
            Arrived(event.message.partition, event.message.offset, event.value) for event in events
        ]
        await self._in_thread(self._take, arrived)
        for event in events:
            await stream.ack(event)
        few = self.worker.facts - facts < TRICKLE_FACTS_MAX
        if few and len(events) < TRICKLE_PACKS_MAX:
            rest = REST_TIMES * (time.monotonic() - began)
            await asyncio.sleep(min(REST_SECONDS_MAX, rest))

    def _take(self, arrived: Sequence[Arrived]) -> None:
        self._busy_since = time.monotonic()
        while True:
            try:
                self.worker.take(arrived)
            except StoreUnavailable as error:
                self._wait(error)
                with suppress(StoreUnavailable):
                    self.worker.beat()  # it is there all the same
            else:
                break
        self._busy_since = self.waits = None

    async def _beat(self) -> None:
        while True:
            try:
                if self.worker.assigned:
                    await self._in_thread(self.worker.beat)
            except StoreUnavailable as error:
                _log.warning("%s cannot say that it is well: %s", self.worker.reading.name, error)
            await asyncio.sleep(BEAT_SECONDS)

    async def _in_thread(self, call: Callable[..., Any], *given: Any) -> None:
        await asyncio.get_running_loop().run_in_executor(self._executor, call, *given)

    def _wait(self, error: StoreUnavailable) -> None:
        if self.waits != str(error):
            _log.warning("%s waits: %s", self.worker.reading.name, error)
        self.waits = str(error)
        time.sleep(RETRY_SECONDS)


def _ranges(numbers: frozenset[int]) -> str:
    """Write 0, 1, 2, 5 as 0-2, 5."""
    said: list[list[int]] = []
    for number in sorted(numbers):
        if said and number == said[-1][-1] + 1:
            said[-1][1:] = [number]
        else:
            said.append([number])
    return ", ".join("-".join(str(one) for one in part) for part in said)


def _end(why: str) -> NoReturn:
    _log.critical("%s", why)
    logging.shutdown()
    os._exit(DOUBT)
