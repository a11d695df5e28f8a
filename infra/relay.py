"""How does one of several processes bring the log to Kafka, while the others stand by?"""

from __future__ import annotations

import logging
import os
import time
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

from infra.compose.relay import relaying
from infra.kafka.metrics import RelayMetrics
from infra.migrations import require
from infra.process import LOST, Stop, calm_garbage_collection, run, say
from infra.settings.fields import Settings
from infra.web.probe import probe
from streams.relay.ports import LeadLost
from streams.relay.progress import Progress
from streams.relay.relay import Relay

STANDSTILL_SECONDS_MAX = 30.0
"""A publisher that is behind, and has been where it is for so long, is a fault."""

_log = logging.getLogger(__name__)


def relay(settings: Settings, probe_port: int) -> None:
    """Bring the log to Kafka until Ctrl-C or SIGTERM. Ends the process with 70 when it lost the
    lead.

    Raises MigrationError, TopicUnfit, OSError where the probe's port is taken, or what PostgreSQL
    raises.
    """
    if settings.kafka is None or settings.database_url is None:
        raise AssertionError("settings refuse a cluster without Kafka and a database")
    require(settings.database_url)
    calm_garbage_collection()
    about = _About()
    parts = relaying(settings.database_url, settings.kafka, settings.cluster, settings.partitions)
    with probe(settings.host, probe_port, about.fault, about.doing, about.metrics.registry):
        run(_relay(parts, about))


async def _relay(parts: AbstractAsyncContextManager[Relay], about: _About) -> None:
    stop = Stop()
    async with parts as one:
        about.show(one)
        stop.end = one.stop
        try:
            await one.run()
        except LeadLost as error:
            _log.error("no longer leads: %s", error)
            os._exit(LOST)  # what is under way here cannot be called back in any other manner
        say("registrar: the relay ends")


class _About:
    """What the probe is told."""

    def __init__(self) -> None:
        self.metrics = RelayMetrics()
        self._relay: Relay | None = None
        self._seen: dict[str, tuple[int, float]] = {}

    def show(self, one: Relay) -> None:
        """Tell about this relay from now on."""
        self._relay = one
        self.metrics.show(one)

    def fault(self) -> str | None:
        """Return which publisher does not move on though it should, and why."""
        if self._relay is None or not self._relay.leads:
            return None
        for publisher in self._relay.publishers:
            progress = publisher.progress
            if self._stands_still(progress):
                why = progress.error or "Kafka does not acknowledge"
                return f"{progress.name} stand still at {progress.position}: {why}"
        return None

    def _stands_still(self, progress: Progress) -> bool:
        now = time.monotonic()
        position, since = self._seen.get(progress.name, (-1, now))
        if progress.position != position or progress.lag_positions == 0:
            self._seen[progress.name] = (progress.position, now)
            return False
        return now - since > STANDSTILL_SECONDS_MAX

    def doing(self) -> str:
        """Whether it leads, and how far the publisher is that is furthest behind."""
        if self._relay is None or not self._relay.leads:
            return "stands by"
        last = min((one.progress for one in self._relay.publishers), key=lambda one: one.position)
        if last.lag_positions == 0:
            return f"leads: 0 behind at {last.position:,}"
        seconds = last.lag_seconds(datetime.now(UTC))
        lag = f"{last.lag_positions:,} behind ({seconds:.1f} s)"
        return f"leads: {last.name} {lag} at {last.position:,}"
