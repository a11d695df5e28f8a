"""How much of a bare FastAPI endpoint's rate does the command API keep?

Single commands at 64 connections, beside a FastAPI endpoint that only validates the same body; and
batches of 100, beside the same route on a log that records nothing (the same without append), and
beside one that does not even decide (no goal). The load is wrk's (Debian: apt-get install wrk),
because a client in Python would be the bottleneck.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench.report import Report, median_ratio
from tests.server import Server, eventually, free_port


class Load(NamedTuple):
    """What wrk sends: a script, over so many connections."""

    script: str
    connections: int


SINGLE, BATCH = Load("single.lua", 64), Load("batch.lua", 8)
RUN_COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("create-course", {"course": "bench", "title": "Bench"}),
    (
        "schedule-run",
        {
            "run": "bench",
            "course": "bench",
            "title": "Bench",
            "starts": "2026-01-01T00:00:00Z",
            "ends": "2046-01-01T00:00:00Z",
            "modes": ["honor"],
            "certificate_modes": ["honor"],
        },
    ),
)
"""An unlimited run to enrol in."""
ROUNDS, ROUND_SECONDS = 5, 6
QUICK_ROUNDS, QUICK_ROUND_SECONDS = 2, 3
WARM_SECONDS = 2
GOALS = {"single": 0.9, "batch_100": 0.3}
SCRIPTS = Path(__file__).parent / "wrk"


def measure(*, quick: bool) -> Report:
    """Run the rounds and report medians. Exits where wrk is missing."""
    wrk = shutil.which("wrk")
    if wrk is None:
        sys.exit("bench http: wrk is needed for the load (Debian: apt-get install wrk)")
    rounds, seconds = (QUICK_ROUNDS, QUICK_ROUND_SECONDS) if quick else (ROUNDS, ROUND_SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data", "--no-example")
        peer_port = free_port()
        peer = subprocess.Popen([sys.executable, "-m", "bench.http_peer", str(peer_port)])
        try:
            server.start()
            _prepare(server)
            peer_url = f"http://127.0.0.1:{peer_port}"
            eventually(lambda: _answers(peer_port), 20, "the peer answers")
            addresses = {
                "single": (f"{server.url}/v1/commands/enrol-learner", SINGLE),
                "single_peer": (f"{peer_url}/validate", SINGLE),
                "batch_100": (f"{server.url}/v1/commands", BATCH),
                "batch_100_peer": (f"{peer_url}/batch", BATCH),
                "batch_100_validated": (f"{peer_url}/batch-validated", BATCH),
            }
            rates: dict[str, list[float]] = {name: [] for name in addresses}
            for number in range(-1, rounds):
                for name, (url, load) in addresses.items():
                    if number < 0:
                        _load(wrk, load, WARM_SECONDS, url)
                    else:
                        rates[name].append(_load(wrk, load, seconds, url))
        finally:
            peer.terminate()
            peer.wait()
            server.stop()
    figures = {f"{name}_per_second": round(median(values)) for name, values in rates.items()}
    ratios = {
        "single": median_ratio(rates["single"], rates["single_peer"]),
        "batch_100": median_ratio(rates["batch_100"], rates["batch_100_peer"]),
        "batch_100_beside_validating": median_ratio(
            rates["batch_100"], rates["batch_100_validated"]
        ),
    }
    return Report("http", ratios, GOALS, figures)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _prepare(server: Server) -> None:
    for name, body in RUN_COMMANDS:
        assert server.command(name, body).status == 201


def _load(wrk: str, load: Load, seconds: int, url: str) -> float:
    """Run wrk once, and return requests a second. Fails where an answer was not a success."""
    prefix = f"s{time.monotonic_ns()}"
    done = subprocess.run(
        [
            *(wrk, "-t1", f"-c{load.connections}", f"-d{seconds}s"),
            *("-s", str(SCRIPTS / load.script), url, "--", prefix),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(done.stdout)
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found.group(1))
