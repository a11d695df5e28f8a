"""How does a Faust app keep readings up, and end at the first doubt?

The settings and the loop are those that lost nothing when Faust's own ways of taking messages did:
messages are acknowledged by hand, strictly after the commit and in order, and no exception ever
leaves the agent, because Faust would then acknowledge what was not done. The process ends instead,
and whoever supervises it starts it again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn, cast

import faust
from faust.types import EventT, StreamT

from projections.ports import StoreUnavailable
from streams.faust.gathering import GatheringStream
from streams.faust.seek import ReadingTransport
from streams.faust.together import Together
from streams.faust.worker import Arrived

DOUBT = 70
"""The exit code of a process that must be started again (EX_SOFTWARE of sysexits)."""
PACKS_MAX = 1_000
"""Messages gathered for one batch: most are small while facts trickle in."""
BATCH_BYTES_MAX = 16 * 1024 * 1024
"""No more is gathered once there is so much."""
WITHIN_SECONDS = 0.01
"""How long messages are gathered, where nothing else is said."""
REST_TIMES, REST_SECONDS_MAX = 0.5, 0.05
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
BEAT_SECONDS = 2.0
STOP_SECONDS_MAX = 8.0

_log = logging.getLogger(__name__)


class ReadingApp:
    """Keeps readings up in a process, all from the same messages. ``instance``, if given, is unique
    among those that run at a time, and the same after a restart: then nobody waits for a rebalance
    (Kafka's static membership)."""

    def __init__(
        self,
        together: Together,
        brokers: str,
        topic: str,
        group: str,
        instance: str | None = None,
        within_seconds: float = WITHIN_SECONDS,
    ) -> None:
        self._together = together
        self._within_seconds = within_seconds
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="readings")
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

    async def run(self) -> NoReturn:
        """Keep the readings up until SIGTERM or SIGINT; then the process ends with 0, or with 70 at
        any doubt."""
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        await self._app.start()
        ended = [
            asyncio.create_task(self._app.wait_until_stopped()),
            asyncio.create_task(self._beat(), name="beat"),
        ]
        waiting = asyncio.create_task(stopping.wait())
        await asyncio.wait([waiting, *ended], return_when=asyncio.FIRST_COMPLETED)
        if not stopping.is_set():
            _end(f"the worker of {self._together.name} came to an end by itself")
        try:
            async with asyncio.timeout(STOP_SECONDS_MAX):
                await self._app.stop()
        except Exception:
            _log.exception("a worker does not end in order")
        # Everything that counts is committed; threads of the libraries must not hold us up.
        os._exit(0)

    def _assign(self, numbers: Any) -> dict[int, int]:
        """In a thread of Faust's; our own thread must have done with what it was doing."""
        return self._executor.submit(self._together.assign, list(numbers)).result()

    async def _keep(self, messages: StreamT[Any]) -> None:
        stream = cast("GatheringStream", messages)
        try:
            async for events in stream.gathered(PACKS_MAX, BATCH_BYTES_MAX, self._within_seconds):
                await self._take_in(stream, events)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            _end(f"{self._together.name} stops: {type(error).__name__}: {error}")
        if not self._app.should_stop:
            _end(f"{self._together.name} stops: no more messages come")

    async def _take_in(self, stream: GatheringStream, events: Sequence[EventT[Any]]) -> None:
        began, facts = time.monotonic(), self._together.facts
        arrived = [
            Arrived(event.message.partition, event.message.offset, event.value) for event in events
        ]
        await self._in_thread(self._together.take, arrived)
        for event in events:
            await stream.ack(event)
        few = self._together.facts - facts < TRICKLE_FACTS_MAX
        if few and len(events) < TRICKLE_PACKS_MAX:
            rest = REST_TIMES * (time.monotonic() - began)
            await asyncio.sleep(min(REST_SECONDS_MAX, rest))

    async def _beat(self) -> None:
        while True:
            try:
                await self._in_thread(self._together.beat)
            except StoreUnavailable as error:
                _log.warning("%s cannot say that it is well: %s", self._together.name, error)
            await asyncio.sleep(BEAT_SECONDS)

    async def _in_thread(self, call: Callable[..., Any], *given: Any) -> None:
        await asyncio.get_running_loop().run_in_executor(self._executor, call, *given)


def _end(why: str) -> NoReturn:
    _log.critical("%s", why)
    logging.shutdown()
    os._exit(DOUBT)
