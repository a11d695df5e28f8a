"""What is measured of a relay, and how is it asked for? (Prometheus)"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streams.relay.relay import Relay


class RelayMetrics(Collector):
    """The measures of one relay, in a registry of their own; none before there is one."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self._relay: Relay | None = None

    def show(self, relay: Relay) -> None:
        """Tell about this relay from now on."""
        self._relay = relay

    def collect(self) -> Iterable[Metric]:
        """Return what is to be told now."""
        relay = self._relay
        if relay is None:
            return []
        leads = GaugeMetricFamily("registrar_relay_leads", "1: it leads, 0: it stands by")
        leads.add_metric([], float(relay.leads))
        head = GaugeMetricFamily("registrar_log_position", "The last position of the log")
        if relay.head is not None:
            head.add_metric([], relay.head.position)
        return [leads, head, *(_publishers(relay) if relay.leads else ())]


def _publishers(relay: Relay) -> list[Metric]:
    gauges = {
        name: GaugeMetricFamily(f"registrar_relay_{name}", told, labels=["publisher"])
        for name, told in {
            "position": "Kafka has acknowledged everything up to here",
            "lag_positions": "Facts that Kafka has not acknowledged yet",
            "lag_seconds": "Age of the first of them",
            "failing": "1: Kafka or the log is away or refuses, and is tried again",
        }.items()
    }
    counters = {
        name: CounterMetricFamily(f"registrar_relay_{name}", told, labels=["publisher"])
        for name, told in {
            "facts": "Facts handed to Kafka",
            "messages": "Messages handed to Kafka",
            "bytes": "Bytes of their values, before compression",
        }.items()
    }
    now = datetime.now(UTC)
    for publisher in relay.publishers:
        progress = publisher.progress
        label = [progress.name]
        gauges["position"].add_metric(label, progress.position)
        gauges["lag_positions"].add_metric(label, progress.lag_positions)
        gauges["lag_seconds"].add_metric(label, progress.lag_seconds(now))
        gauges["failing"].add_metric(label, float(progress.error is not None))
        counters["facts"].add_metric(label, progress.facts)
        counters["messages"].add_metric(label, progress.messages)
        counters["bytes"].add_metric(label, progress.bytes)
    return [*gauges.values(), *counters.values()]
