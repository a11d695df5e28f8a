"""How is a server put under load by clients that never give up on a command?

Each command has a key. A client that is not answered, or is told 503, keeps the command and sends
it again with the same key, so that in the end each is recorded once.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple

import psycopg

from tests.server import Server, eventually

CLIENTS = 8
REQUEST_SECONDS_MAX = 30.0
RUN = "AAA-2013J"


class Told(NamedTuple):
    """How a command was acknowledged: at which position, and by which facts."""

    position: int
    facts: tuple[str, ...]


def open_run(server: Server) -> None:
    """Make a course with a run for all the clients."""
    run = {
        "run": RUN,
        "course": "AAA",
        "title": RUN,
        "starts": "2020-01-01T00:00:00Z",
        "ends": "2099-01-01T00:00:00Z",
        "capacity": 1_000_000,
        "modes": ["honor"],
    }
    for name, body in (("create-course", {"course": "AAA", "title": "AAA"}), ("schedule-run", run)):
        answer = server.command(name, body, idempotency_key=f"open-{name}")
        assert answer.status in (200, 201), answer


class Load:
    """Clients that enrol learners, one after another and all at once, until told to stop. Each
    rests between two commands."""

    def __init__(self, server: Server, name: str = "c", rest_seconds: float = 0.0) -> None:
        self.name = name
        self._port = server.port
        self._rest_seconds = rest_seconds
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._client, args=(number,)) for number in range(CLIENTS)
        ]
        self.acknowledged: dict[str, Told] = {}
        self.in_doubt: set[str] = set()
        self.unavailable = 0
        self.slowest_refusal_seconds = 0.0
        self.surprises: list[Any] = []

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def go_on(self, commands: int, seconds: float) -> None:
        """Wait until so many more are acknowledged."""
        wanted = len(self.acknowledged) + commands
        eventually(lambda: len(self.acknowledged) >= wanted, seconds, "commands go on")

    def _client(self, number: int) -> None:
        turn = 0
        while not self._stopping.is_set():
            turn += 1
            key = f"{self.name}{number}-{turn}"
            if not self._send(key):
                self.in_doubt.add(key)
                self._stopping.wait(max(0.05, self._rest_seconds))
            elif self._rest_seconds:
                self._stopping.wait(self._rest_seconds)

    def _send(self, key: str) -> bool:
        began = time.monotonic()
        try:
            answer = send(self._port, key)
        except (OSError, HTTPException):
            return False
        status, headers, body = answer
        if status in (200, 201):
            self.acknowledged[key] = told(body)
            return True
        if status == 503 and headers.get("Retry-After"):
            self.unavailable += 1
            taken = time.monotonic() - began
            self.slowest_refusal_seconds = max(self.slowest_refusal_seconds, taken)
        else:
            self.surprises.append(answer)
        return False


def send(port: int, key: str) -> tuple[int, Mapping[str, str], Any]:
    """Send the command of a key: a learner enrols and, with it, a seat is taken."""
    body = json.dumps({"run": RUN, "subject": key, "mode": "honor"})
    headers = {"content-type": "application/json", "idempotency-key": key}
    connection = HTTPConnection("127.0.0.1", port, timeout=REQUEST_SECONDS_MAX)
    try:
        connection.request("POST", "/v1/commands/enrol-learner", body, headers)
        response = connection.getresponse()
        return response.status, response.headers, json.loads(response.read())
    finally:
        connection.close()


def told(body: Any) -> Told:
    """Return what a 200 or 201 acknowledged."""
    return Told(body["position"], tuple(fact["id"] for fact in body["facts"]))


def resend_all(server: Server, load: Load) -> None:
    """Send every command again: what was acknowledged must be told as the first time."""

    def resend(key: str) -> None:
        status, headers, body = send(server.port, key)
        assert status in (200, 201), (key, body)
        if key in load.acknowledged:
            assert headers["Idempotent-Replayed"] == "true"
            assert told(body) == load.acknowledged[key]

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(resend, sorted(load.acknowledged.keys() | load.in_doubt)))


def assert_each_once(dsn: str, load: Load) -> None:
    """Check the log: each command once, positions and the versions of every stream dense."""
    expected = load.acknowledged.keys() | load.in_doubt
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select subject, type from log.facts where starts_with(subject, %s)", (load.name,)
        ).fetchall()
        assert sorted(rows) == sorted(
            (key, kind) for key in expected for kind in ("LearnerEnrolled", "SeatTaken")
        )
        gaps = connection.execute(
            "select stream from log.facts group by stream"
            " having min(version) <> 1 or max(version) <> count(*)"
        ).fetchall()
        assert gaps == []
        row = connection.execute(
            "select min(position), max(position) = count(*) from log.facts"
        ).fetchone()
        assert row == (1, True)
