"""What do benchmarks need to know of a process of ours while it works?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from tests.server import free_port

STOP_SECONDS_MAX = 20.0
OPEN = {"REGISTRAR_ACCESS": "off"}
"""Measured without access control; ``bench/auth`` says what that costs."""
CPU_SECONDS, MEMORY_BYTES = "cpu_seconds", "memory_bytes"
"""Samples that every process has."""

Samples = dict[str, float]
"""Figures by name, with labels as Prometheus writes them."""


class Process:
    """``registrar`` with these words and settings; ``probe`` is its option for the port to answer
    on."""

    def __init__(
        self,
        name: str,
        words: list[str],
        settings: Mapping[str, str],
        folder: Path,
        probe: str = "--probe-port",
    ) -> None:
        self.name = name
        self.port = free_port()
        self._output = folder / f"{name}.out"
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("REGISTRAR_")}
        command = [sys.executable, "-m", "infra.cli.main", *words]
        command += [probe, str(self.port)]
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(  # ours
                command, stdout=output, stderr=output, env=inherited | OPEN | dict(settings)
            )

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    @property
    def output(self) -> str:
        """What it said so far."""
        return self._output.read_text()

    def answers(self, path: str) -> bool:
        """Whether it answers there, with a 200."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return bool(answer.status == 200)
        except URLError:
            return False

    def samples(self) -> Samples:
        """Return its metrics, with its processor time and memory as the system knows them."""
        url = f"http://127.0.0.1:{self.port}/metrics"
        with urlopen(url, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        system = psutil.Process(self._process.pid)
        cpu = system.cpu_times()
        return {name: float(value) for name, value in pairs} | {
            CPU_SECONDS: cpu.user + cpu.system,
            MEMORY_BYTES: float(system.memory_info().rss),
        }

    def stop(self) -> None:
        """End it in order, or at once when it does not."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
