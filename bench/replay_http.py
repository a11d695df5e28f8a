"""How long does the whole of OULAD take over HTTP, how large does the server get, and how far are
the readings behind at the end?"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from bench.process import OPEN
from bench.report import Report

SECONDS_MAX = 120.0
MEMORY_MB_MAX = 500.0
BEHIND_SECONDS_MAX = 5.0
COMMANDS = 421_074
QUICK_RUNS = ("BBB-2013J",)
START_SECONDS_MAX = 60.0
READ_SECONDS_MAX = 120.0
SAMPLE_SECONDS = 0.25
MB = 1_000_000


def measure(*, quick: bool) -> Report:
    """Replay into a server of its own, in a folder that is removed afterwards.

    Quick: one run, and the promised time in proportion.
    """
    with tempfile.TemporaryDirectory(prefix="registrar-bench-") as folder, _server(folder) as at:
        process, url = at
        memory = _Memory(process)
        runs = [part for run in (QUICK_RUNS if quick else ()) for part in ("--run", run)]
        command = [sys.executable, "-m", "infra.cli.main", "replay", "oulad", "--json"]
        started = time.monotonic()
        done = subprocess.run(
            [*command, "--url", url, *runs], stdout=subprocess.PIPE, check=True, env=_environment()
        )
        seconds = time.monotonic() - started
        behind = _behind(url)
        peak, all_processes = memory.stop()
    report = json.loads(done.stdout)
    commands = sum(report["commands"].values())
    return Report(
        bench="replay_http",
        ratios={},
        goals={},
        figures={
            "commands": commands,
            "commands_per_second": commands / seconds,
            "rows_refused": sum(one["rows"] for one in report["refusals"]),
            "seconds": seconds,
            "server_mb_peak": peak,
            "server_and_postgres_mb_peak": all_processes,
            "readings_behind_seconds": behind,
        },
        limits={
            "seconds": SECONDS_MAX * commands / COMMANDS,
            "server_mb_peak": MEMORY_MB_MAX,
            "readings_behind_seconds": BEHIND_SECONDS_MAX,
        },
    )


@contextlib.contextmanager
def _server(folder: str) -> Iterator[tuple[psutil.Process, str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "infra.cli.main", "serve", "--no-example"]
    data = str(Path(folder) / "data")
    server = subprocess.Popen(
        [*command, "--port", str(port), "--data", data], stdout=sys.stderr, env=_environment()
    )
    try:
        deadline = time.monotonic() + START_SECONDS_MAX
        while _get(f"{url}/readyz") is None:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the server did not start")
            time.sleep(0.05)
        yield psutil.Process(server.pid), url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


def _environment() -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if name[:10] != "REGISTRAR_"}
    return others | OPEN


def _get(url: str) -> Any:
    try:
        with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - our own server
            return json.load(response)
    except (OSError, urllib.error.URLError):
        return None


def _behind(url: str) -> float:
    """Return the seconds until a query answers as of the head of the log when the replay ended."""
    started = time.monotonic()
    head = _get(f"{url}/v1/log")["position"]
    while True:
        ready = _get(f"{url}/v1/analytics/overview?min_position={head}")
        passed = time.monotonic() - started
        if ready is not None:
            return passed
        if passed > READ_SECONDS_MAX:
            raise RuntimeError(f"the readings did not reach {head} in {READ_SECONDS_MAX} s")


class _Memory(threading.Thread):
    """Watches the resident memory of the server and its readings' process, without and with
    PostgreSQL."""

    def __init__(self, server: psutil.Process) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._over = threading.Event()
        self._peak = self._all = 0.0
        self.start()

    def run(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            with contextlib.suppress(psutil.Error):
                ours = self._server.memory_info().rss / MB
                postgres = 0.0
                for child in self._server.children(recursive=True):
                    if child.name() == "postgres":
                        postgres += _private(child)
                    else:
                        ours += child.memory_info().rss / MB
                self._peak = max(self._peak, ours)
                self._all = max(self._all, ours + postgres)

    def stop(self) -> tuple[float, float]:
        """Return both peaks, in megabytes."""
        self._over.set()
        self.join()
        return self._peak, self._all


def _private(process: psutil.Process) -> float:
    """Memory that the process shares with nobody: PostgreSQL's processes share most of theirs."""
    return float(process.memory_full_info().uss) / MB
