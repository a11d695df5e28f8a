"""Is a request dropped when an API of a cluster is told to end? (SIGTERM)"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from tests.server import eventually, free_port

CLIENTS = 16
LOAD_SECONDS = 1.0
END_SECONDS_MAX = 20.0
HEAD = b"GET /healthz HTTP/1.1\r\n"
REST = b"Host: x\r\n\r\n"


class Api(NamedTuple):
    """A running ``registrar serve --only …``."""

    process: subprocess.Popen[bytes]
    port: int

    def end(self) -> int:
        """SIGTERM, as a cluster's manager sends it, and the exit code."""
        self.process.terminate()
        return self.process.wait(END_SECONDS_MAX)

    def connect(self) -> socket.socket:
        """Open a connection."""
        return socket.create_connection(("127.0.0.1", self.port), 10)


@pytest.fixture(params=["commands", "queries"])
def api(request: pytest.FixtureRequest, dsn: str, tmp_path: Path) -> Iterator[Api]:
    """One API, ready. Neither needs Kafka or Elasticsearch to begin."""
    port = free_port()
    environment = {
        "REGISTRAR_ACCESS": "off",
        "REGISTRAR_DATABASE_URL": dsn,
        "REGISTRAR_KEYS_URL": f"sqlite://{tmp_path}/keys.db",
        "REGISTRAR_EPOCH_KEYS": str(tmp_path / "epochs"),
        "REGISTRAR_KAFKA": "127.0.0.1:1",
        "REGISTRAR_ELASTICSEARCH_URL": "http://127.0.0.1:1",
        "REGISTRAR_DATA": str(tmp_path),
    }
    words = ["serve", "--only", request.param, "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.cli.main", *words], env=os.environ | environment
    )
    try:
        one = Api(process, port)
        eventually(lambda: _answers(one), END_SECONDS_MAX, "the API answers")
        yield one
    finally:
        process.kill()
        process.wait()


def _answers(api: Api) -> bool:
    with suppress(OSError), closing(api.connect()) as connection:
        connection.sendall(HEAD + REST)
        return connection.recv(100).startswith(b"HTTP/1.1 200")
    return False


def received(connection: socket.socket) -> bytes:
    """Read until the other side closes."""
    answer = b""
    while part := connection.recv(65_536):
        answer += part
    return answer


def test_all_who_are_connected_are_answered(api: Api) -> None:
    """In the midst of a request, between two, and before the first: each gets its answer, which
    closes the connection; who asks whether it is ready learns that it leaves."""
    with (
        closing(api.connect()) as midst,
        closing(api.connect()) as between,
        closing(api.connect()) as before,
    ):
        midst.sendall(HEAD)
        between.sendall(HEAD + REST)
        while not between.recv(65_536).endswith(b'{"status":"ok"}'):
            pass
        api.process.terminate()
        time.sleep(0.3)
        assert _answers(api), "new connections are still taken for a moment"
        midst.sendall(REST)
        between.sendall(HEAD + REST)
        before.sendall(b"GET /readyz HTTP/1.1\r\n" + REST)
        for connection, status in ((midst, b"200"), (between, b"200"), (before, b"503")):
            answer = received(connection)
            assert answer.startswith(b"HTTP/1.1 " + status)
            assert b"connection: close" in answer.lower()
    assert api.process.wait(END_SECONDS_MAX) == 0


def test_whoever_connects_and_says_nothing_is_not_waited_for(api: Api) -> None:
    """It ends within seconds, whatever hangs on it."""
    with closing(api.connect()):
        began = time.monotonic()
        assert api.end() == 0
        assert time.monotonic() - began < 4.0


class Load:
    """Clients that ask again and again over connections that are kept, as long as they can."""

    def __init__(self, port: int) -> None:
        self.answered: list[int] = []
        self.dropped: list[str] = []
        self._port = port
        self._threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(CLIENTS)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        time.sleep(LOAD_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join(END_SECONDS_MAX)

    def _ask(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        for turn in range(1_000_000):
            if connection.sock is None:
                try:
                    connection.connect()
                except OSError:
                    return  # nobody is there any more, and nothing was asked
            try:
                self._send(connection, f"{number}-{turn}")
                answer = connection.getresponse()
                answer.read()
                self.answered.append(answer.status)
            except (OSError, http.client.HTTPException) as error:
                self.dropped.append(repr(error))
                connection.close()

    def _send(self, connection: http.client.HTTPConnection, name: str) -> None:
        body = {"course": f"C{name}", "title": "Course", "description": "A course."}
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/v1/commands/create-course", json.dumps(body), headers)


@pytest.mark.parametrize("api", ["commands"], indirect=True)
def test_no_command_is_dropped_under_load(api: Api, dsn: str) -> None:
    """Every command that was sent is answered, and those that are acknowledged are in the log."""
    with Load(api.port) as load:
        assert api.end() == 0
    assert load.dropped == []
    assert len(load.answered) > CLIENTS
    assert set(load.answered) == {201}
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select count(*) from log.facts").fetchone()
    assert row == (len(load.answered),)


@pytest.mark.parametrize("api", ["commands"], indirect=True)
def test_a_killed_api_drops_requests(api: Api) -> None:
    """The control: the same load sees what is dropped."""
    with Load(api.port) as load:
        api.process.send_signal(signal.SIGKILL)
    assert load.dropped
