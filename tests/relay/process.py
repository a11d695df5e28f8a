"""How does a test run ``registrar relay``?"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.process import Process
from tests.server import eventually, free_port

START_SECONDS_MAX = 30.0


class RelayProcess(Process):
    """A ``registrar relay`` with a probe."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.port = free_port()
        super().__init__(["relay", "--probe-port", str(self.port)], environment, log)

    def start(self) -> None:
        """Start it, and wait until it answers its probe."""
        self.spawn()
        eventually(self._answers, START_SECONDS_MAX, "a relay")

    def _answers(self) -> bool:
        self.require_running()
        try:
            return bool(self.ask("/healthz"))
        except OSError:
            return False

    def ask(self, path: str) -> str:
        """Ask the probe."""
        address = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(address, timeout=5) as answer:
            return str(answer.read().decode())

    def measure(self, name: str) -> float:
        """Return what a metric says, 0 where there is none."""
        for line in self.ask("/metrics").splitlines():
            if line.startswith(name):
                return float(line.rpartition(" ")[2])
        return 0.0

    @property
    def leads(self) -> bool:
        """Whether it leads."""
        return self.measure("registrar_relay_leads") == 1.0


@contextmanager
def relays(
    count: int, dsn: str, kafka: str, cluster: str, folder: Path
) -> Iterator[list[RelayProcess]]:
    """Run so many relays of one cluster; they are gone however the test ends."""
    environment = {
        "REGISTRAR_KAFKA": kafka,
        "REGISTRAR_DATABASE_URL": dsn,
        "REGISTRAR_ELASTICSEARCH_URL": "http://127.0.0.1:9",
        "REGISTRAR_CLUSTER": cluster,
    }
    made = [RelayProcess(environment, folder / f"relay-{number}.out") for number in range(count)]
    try:
        for one in made:
            one.start()
        yield made
    finally:
        for one in made:
            one.kill()


def places(dsn: str) -> dict[str, int]:
    """Return how far each publisher has come."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select name, position from streams.relay").fetchall()
        return {str(name): int(position) for name, position in rows}
