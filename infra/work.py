"""How does a process keep readings up from Kafka?"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

from prometheus_client import REGISTRY as METRICS
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from domain.streams import REGISTRY
from infra.cache.notices import Publisher
from infra.compose.stores import address, one_reading
from infra.log.reader import PostgresLogReader
from infra.migrations import require
from infra.process import calm_garbage_collection, run
from infra.settings.fields import Settings
from infra.web.probe import probe
from projections.register import READINGS
from streams import topics
from streams.faust.app import WITHIN_SECONDS, ReadingApp
from streams.faust.together import Together
from streams.faust.worker import Worker, nobody

SEARCH_WITHIN_SECONDS = 0.5
"""How long the search gathers for a batch, so that its index is refreshed no more often."""


def work(settings: Settings, names: Sequence[str], probe_port: int, instance: str | None) -> None:
    """Keep these readings up until Ctrl-C or SIGTERM; the process ends with 70 at any doubt.

    Raises MigrationError, OSError where the probe's port is taken, or what PostgreSQL raises.
    """
    require(address(settings))
    logging.getLogger("streams").setLevel(logging.INFO)
    with ExitStack() as held:
        moved: Callable[[str, int, int], None] = nobody
        if settings.redis_url is not None:
            publisher = Publisher(settings.redis_url, settings.cluster)
            held.callback(publisher.close)
            moved = publisher.moved
        log = PostgresLogReader(address(settings))
        held.callback(log.close)
        topic = topics.packs(settings.cluster, settings.partitions)
        together = Together(
            [
                Worker(
                    next(one for one in READINGS if one.name == name),
                    held.enter_context(one_reading(settings, name)),
                    log,
                    REGISTRY,
                    topic,
                    settings.partitions,
                    moved,
                )
                for name in names
            ]
        )
        METRICS.register(_Figures(together.workers))
        app = ReadingApp(
            together,
            settings.kafka or "",
            topic,
            ".".join((settings.cluster, *sorted(names))),
            instance,
            SEARCH_WITHIN_SECONDS if "search" in names else WITHIN_SECONDS,
        )
        calm_garbage_collection()
        held.enter_context(probe(settings.host, probe_port, together.fault, together.doing))
        run(app.run())


class _Figures(Collector):
    """What workers tell Prometheus."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._workers = workers

    def collect(self) -> Iterator[Metric]:
        """Yield position and lag of each partition, and what was taken in."""
        labels = ["reading", "partition"]
        position = GaugeMetricFamily(
            "registrar_reading_position", "The position that a partition has reached.", None, labels
        )
        lag = GaugeMetricFamily(
            "registrar_reading_lag_positions", "Facts that are not taken in yet.", None, labels
        )
        facts = CounterMetricFamily(
            "registrar_worker_facts", "Facts that came in packs.", None, ["reading"]
        )
        batches = CounterMetricFamily(
            "registrar_worker_batches", "How often something was written.", None, ["reading"]
        )
        stages = CounterMetricFamily(
            "registrar_worker_seconds", "What the time went into.", None, ["reading", "stage"]
        )
        healed = CounterMetricFamily(
            "registrar_worker_healed",
            "Positions that had to be read from the log.",
            None,
            ["reading"],
        )
        for worker in self._workers:
            name = worker.reading.name
            for number, at in worker.positions().items():
                position.add_metric([name, str(number)], at)
                lag.add_metric([name, str(number)], max(0, worker.head - at))
            facts.add_metric([name], worker.facts)
            batches.add_metric([name], worker.batches)
            healed.add_metric([name], worker.healed)
            for stage, seconds in dict(worker.stages.seconds).items():
                stages.add_metric([name, stage], seconds)
        yield from (position, lag, facts, batches, stages, healed)
