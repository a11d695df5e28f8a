"""How is a server put under load by clients that never give up on a command?

Each command has a key. A client that is not answered, or is told 503, keeps the command and sends
it again with the same key, so that in the end each is recorded once. Some commands break a rule:
they are refused, and nothing of them may be recorded.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple

from tests.server import Server, eventually

CLIENTS = 8
REQUEST_SECONDS_MAX = 30.0
NOT_ANSWERED_REST_SECONDS = 0.05
RUN = "AAA-2013J"
OFFERED, NOT_OFFERED = "honor", "verified"
REFUSED_EVERY = 16
FACTS_PER_COMMAND = 2
"""A learner is enrolled, and a seat is taken."""


class Stands(NamedTuple):
    """Where a fact stands in the log, as an answer tells it."""

    id: str
    type: str
    position: int
    stream: str
    version: int


class Told(NamedTuple):
    """How a command was acknowledged: up to which position, and by which facts."""

    position: int
    facts: tuple[Stands, ...]


class Span(NamedTuple):
    """From the first time that a command was sent until it was acknowledged, in seconds."""

    began: float
    ended: float


def open_run(server: Server, run: str = RUN) -> None:
    """Make a course with a run for all the clients."""
    course = run.partition("-")[0]
    scheduled = {
        "run": run,
        "course": course,
        "title": run,
        "starts": "2020-01-01T00:00:00Z",
        "ends": "2099-01-01T00:00:00Z",
        "capacity": 1_000_000,
        "modes": [OFFERED],
    }
    made = {"course": course, "title": course}
    for name, body in (("create-course", made), ("schedule-run", scheduled)):
        answer = server.command(name, body, idempotency_key=f"open-{name}-{run}")
        assert answer.status in (200, 201), answer


@dataclass
class History:
    """What clients know of the commands that they sent; their keys begin with ``name``."""

    name: str
    acknowledged: dict[str, Told] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    in_doubt: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)


class Load(History):
    """Clients that enrol learners, one after another and all at once, until told to stop.

    A command that is not answered is left in doubt, and the client goes on with another; or, where
    clients ``insist``, it is sent until it is answered. Each rests between two commands.
    """

    def __init__(
        self,
        server: Server,
        name: str = "c",
        run: str = RUN,
        *,
        insist: bool = False,
        rest_seconds: float = 0.0,
    ) -> None:
        super().__init__(name)
        self.run = run
        self._insist = insist
        self._port = server.port
        self._rest_seconds = rest_seconds
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._client, args=(number,)) for number in range(CLIENTS)
        ]
        self.unavailable = 0
        self.slowest_refusal_seconds = 0.0
        self.surprises: list[Any] = []

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for thread in self._threads:
            thread.join()

    def go_on(self, commands: int, seconds: float) -> None:
        """Wait until so many more are acknowledged."""
        wanted = len(self.acknowledged) + commands
        eventually(lambda: len(self.acknowledged) >= wanted, seconds, "commands go on")

    @property
    def facts(self) -> int:
        """How many facts were acknowledged."""
        return FACTS_PER_COMMAND * len(self.acknowledged)

    def stop(self) -> None:
        """Let every client end what it is about, without waiting for it."""
        self._stopping.set()

    def _client(self, number: int) -> None:
        turn = 0
        while not self._stopping.is_set():
            turn += 1
            key = f"{self.name}{number}-{turn}"
            wrong = turn % REFUSED_EVERY == 0
            if wrong:
                self.refused.add(key)
            began = time.monotonic()
            while not self._send(key, began, wrong=wrong):
                if not wrong:
                    self.in_doubt.add(key)
                self._stopping.wait(max(NOT_ANSWERED_REST_SECONDS, self._rest_seconds))
                if not self._insist or self._stopping.is_set():
                    break
            if self._rest_seconds:
                self._stopping.wait(self._rest_seconds)

    def _send(self, key: str, first: float, *, wrong: bool) -> bool:
        began = time.monotonic()
        try:
            answer = send(self._port, key, self.run, NOT_OFFERED if wrong else OFFERED)
        except (OSError, HTTPException):
            return False
        status, headers, body = answer
        if status == 503 and headers.get("Retry-After"):
            self.unavailable += 1
            taken = time.monotonic() - began
            self.slowest_refusal_seconds = max(self.slowest_refusal_seconds, taken)
            return False
        if wrong and body.get("rule") == "mode-not-offered":
            return True
        if wrong or status not in (200, 201):
            self.surprises.append(answer)
            return False
        self.acknowledged[key] = told(body)
        known = key in self.in_doubt
        self.in_doubt.discard(key)
        if known or headers.get("Idempotent-Replayed") != "true":  # else another sent it before
            self.spans[key] = Span(first, time.monotonic())
        return True


def send(
    port: int, key: str, run: str = RUN, mode: str = OFFERED
) -> tuple[int, Mapping[str, str], Any]:
    """Send the command of a key: a learner enrols and, with it, a seat is taken."""
    body = json.dumps({"run": run, "subject": key, "mode": mode})
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
    return Told(body["position"], tuple(Stands(**fact) for fact in body["facts"]))


def resend_all(server: Server, load: Load) -> None:
    """Send every command again: what was acknowledged must be told as the first time."""

    def resend(key: str) -> None:
        status, headers, body = send(server.port, key, load.run)
        assert status in (200, 201), (key, body)
        if key in load.acknowledged:
            assert headers["Idempotent-Replayed"] == "true"
            assert told(body) == load.acknowledged[key]

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(resend, sorted(load.acknowledged.keys() | load.in_doubt)))
