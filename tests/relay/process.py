"""How does a test run ``registrar relay``?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.server import eventually, free_port

START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 15.0


class RelayProcess:
    """A ``registrar relay`` with a probe."""

    def __init__(self, environment: dict[str, str], output: Path) -> None:
        self.port = free_port()
        self.output = output
        self.settings = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers its probe."""
        self.spawn()
        eventually(self._answers, START_SECONDS_MAX, f"a relay; see {self.output}")

    def spawn(self) -> None:
        """Start it."""
        command = [sys.executable, "-m", "infra.cli.main", "relay", "--probe-port", str(self.port)]
        own = {k: v for k, v in os.environ.items() if not k.startswith("REGISTRAR_")}
        with self.output.open("ab") as out:
            self._process = subprocess.Popen(
                command, stdout=out, stderr=out, env=own | self.settings
            )

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.output.read_text()
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

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(STOP_SECONDS_MAX)

    def ended(self) -> int:
        """Return the exit code of a process that ends by itself."""
        assert self._process is not None
        return self._process.wait(STOP_SECONDS_MAX)


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
