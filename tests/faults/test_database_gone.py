"""What does a running server do while PostgreSQL is gone, and after it is back?"""

from __future__ import annotations

import os
import signal
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

from infra.engines.postgres import Postgres
from tests.faults.history import assert_each_once
from tests.faults.load import RUN, Load, open_run, resend_all, send
from tests.folders import enterable
from tests.server import Answer, Server, eventually, running

ANSWER_SECONDS_MAX = 12.0
"""Within so long a client is told that the log is away: it waits 5 s, and machines are busy."""
RECOVERY_SECONDS_MAX = 30.0
LEARNERS_ASKED = 20


class Place(NamedTuple):
    """A server, and the database beside it that a test may stop."""

    postgres: Postgres
    server: Server


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A server on a PostgreSQL that is not its own."""
    with enterable() as folder, Postgres(folder / "postgres") as postgres:
        flags = ("--no-example", "--database-url", postgres.dsn)
        with running(folder / "data", *flags) as server:
            open_run(server)
            yield Place(postgres, server)
            postgres.start()  # a failed test may have left it stopped


def stop(postgres: Postgres, how: signal.Signals) -> None:
    """Stop PostgreSQL in order (SIGINT) or without (SIGQUIT, as after a crash)."""
    pid = postgres.pid
    assert pid is not None
    os.kill(pid, how)
    eventually(lambda: postgres.pid is None or _ended(postgres), 30, "PostgreSQL has stopped")


def _ended(postgres: Postgres) -> bool:
    child = postgres._child
    return child is not None and child.poll() is not None


def in_time(server: Server, path: str) -> Answer:
    """GET, and check that the answer came within the bound."""
    began = time.monotonic()
    answer = server.get(path)
    assert time.monotonic() - began < ANSWER_SECONDS_MAX
    return answer


def assert_all_say_so(server: Server) -> None:
    """Ask everything at once: what needs the database says 503 and when to ask again."""
    queries = ["/readyz", f"/v1/runs/{RUN}", "/v1/log", "/v1/learners/nobody", "/v1/events"]
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(in_time, server, path) for path in queries]
        health, metrics = in_time(server, "/healthz"), in_time(server, "/metrics")
        began = time.monotonic()
        status, headers, body = send(server.port, "while-away")
        assert time.monotonic() - began < ANSWER_SECONDS_MAX
        assert (status, body["type"]) == (503, "/problems/log-unavailable")
        assert int(headers["Retry-After"]) >= 1
        assert (health.status, metrics.status) == (200, 200)
        for path, answer in zip(queries, asked, strict=True):
            assert answer.result().status == 503, path
            if path != "/readyz":
                assert answer.result().headers["retry-after"], path


class Listener(threading.Thread):
    """A client of the event stream, which comes back with the last id whenever it ends."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._url = f"{server.url}/v1/events"
        head = server.get("/v1/log").body
        self._last = f"{head['epoch']}-{head['position']}"
        self.heard: list[int] = []

    def run(self) -> None:
        """Listen for ever."""
        while True:
            request = urllib.request.Request(  # noqa: S310 - loopback only
                self._url, headers={"Last-Event-ID": self._last}
            )
            try:
                with urllib.request.urlopen(request, timeout=60) as stream:  # noqa: S310
                    for line in stream:
                        if line.startswith(b"id: "):
                            self._last = line[4:].decode().strip()
                            self.heard.append(int(self._last.rpartition("-")[2]))
            except OSError:
                time.sleep(0.1)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["in order", "crashed"])
def test_it_is_told_and_recovered_from_without_a_restart(place: Place, how: signal.Signals) -> None:
    """503 with Retry-After while it is away; then all goes on, with nothing lost or doubled."""
    postgres, server = place
    before = int(server.get("/v1/log").body["position"])
    listener = Listener(server)
    listener.start()
    with Load(server, f"{how.name}-") as load:
        eventually(lambda: len(load.acknowledged) >= 50, 30, "commands are acknowledged")
        stop(postgres, how)
        assert_all_say_so(server)
        eventually(lambda: load.unavailable >= 8, 30, "clients are told")
        postgres.start()
        known = len(load.acknowledged)
        eventually(
            lambda: len(load.acknowledged) >= known + 50, RECOVERY_SECONDS_MAX, "commands go on"
        )
    assert load.surprises == []
    assert load.slowest_refusal_seconds < ANSWER_SECONDS_MAX
    eventually(lambda: server.get("/readyz").status == 200, RECOVERY_SECONDS_MAX, "ready again")
    resend_all(server, load)
    head = int(server.get("/v1/log").body["position"])
    for learner in list(load.acknowledged)[-LEARNERS_ASKED:]:
        last = server.get(f"/v1/enrolments/{RUN}/{learner}?min_position={head}")
        assert last.status == 200
    eventually(
        lambda: listener.heard == list(range(before + 1, head + 1)),
        RECOVERY_SECONDS_MAX,
        "every event was heard, once and in order",
    )
    assert_each_once(postgres.dsn, load)
