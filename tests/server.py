"""How does a test get a running registrar of its own?"""

from __future__ import annotations

import json
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.process import Process

START_SECONDS_MAX = 60.0


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Return the condition's first true value; fail when it does not come within the bound."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


class Answer(NamedTuple):
    """An HTTP answer; ``body`` is parsed where it is JSON."""

    status: int
    headers: dict[str, str]
    body: Any


class Server(Process):
    """A ``registrar serve`` process on a free port, with its data in a folder. It ends as Ctrl-C
    ends it."""

    ends_by = signal.SIGINT

    def __init__(self, data: Path, *flags: str, environment: dict[str, str] | None = None) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        words = ["serve", "--port", str(self.port), "--data", str(data), *flags]
        super().__init__(words, environment or {}, data.parent / "serve.out")

    def start(self) -> None:
        """Start and wait until it is ready."""
        self.data.mkdir(parents=True, exist_ok=True)
        self.spawn()
        eventually(self._ready, START_SECONDS_MAX, f"ready at {self.url}; see serve.out")

    def _ready(self) -> bool:
        self.require_running()
        try:
            return self.get("/readyz").status == 200
        except OSError:
            return False

    def get(self, path: str, **headers: str) -> Answer:
        """GET a path; header names with underscores for dashes."""
        return self.request("GET", path, None, **headers)

    def get_unfollowed(self, path: str, **headers: str) -> Answer:
        """GET a path, and go nowhere else."""
        return self.request("GET", path, None, opener=_STAYS, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        """POST JSON (or bytes as they are)."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request("POST", path, data, **{"content_type": "application/json"} | headers)

    def command(self, name: str, body: Any, **headers: str) -> Answer:
        """Send one command."""
        return self.post(f"/v1/commands/{name}", body, **headers)

    def request(
        self,
        method: str,
        path: str,
        data: bytes | None = None,
        opener: urllib.request.OpenerDirector | None = None,
        **headers: str,
    ) -> Answer:
        """Send any request."""
        request = urllib.request.Request(  # noqa: S310  (loopback only)
            self.url + path,
            data,
            {name.replace("_", "-"): value for name, value in headers.items()},
            method=method,
        )
        try:
            with (opener or _FOLLOWS).open(request, timeout=30) as response:
                return _answer(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error.code, dict(error.headers), error.read())


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Go nowhere."""


_FOLLOWS = urllib.request.build_opener()
_STAYS = urllib.request.build_opener(_Stay)


def _answer(status: int, headers: dict[str, str], raw: bytes) -> Answer:
    names = {name.lower(): value for name, value in headers.items()}
    is_json = "json" in names.get("content-type", "")
    return Answer(status, names, json.loads(raw) if is_json and raw else raw)


@contextmanager
def running(data: Path, *flags: str, environment: dict[str, str] | None = None) -> Iterator[Server]:
    """Run a server for a while; it is stopped however the test ends."""
    server = Server(data, *flags, environment=environment)
    try:
        server.start()
        yield server
    finally:
        server.stop()
