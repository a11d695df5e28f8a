"""How does a process without an API tell whether it moves on?"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import NamedTuple

import msgspec
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

REQUEST_SECONDS_MAX = 5.0
POLL_SECONDS = 0.1
"""How soon the thread notices that it shall end."""
JSON = "application/json"

_log = logging.getLogger(__name__)


class _Answer(NamedTuple):
    status: int
    body: bytes
    media_type: str


def nothing_to_say() -> str:
    """Say nothing of what the process does."""
    return ""


@contextmanager
def probe(
    host: str,
    port: int,
    fault: Callable[[], str | None],
    doing: Callable[[], str] = nothing_to_say,
    registry: CollectorRegistry = REGISTRY,
) -> Iterator[None]:
    """Answer ``/healthz`` and ``/metrics`` from a thread, for a while; port 0: do nothing.

    ``fault`` returns why the process does not move on though it should, None while it does, and
    ``doing`` a few words on where it is; both are called in that thread, and must not wait for the
    one that works. Raises OSError where the port is taken.
    """
    if port == 0:
        yield
        return

    def healthz() -> _Answer:
        found = fault()
        body = {"status": "ok" if found is None else found, "doing": doing()}
        return _Answer(200 if found is None else 503, msgspec.json.encode(body), JSON)

    def metrics() -> _Answer:
        return _Answer(200, generate_latest(registry), CONTENT_TYPE_LATEST)

    class Answers(_Answers):
        routes = MappingProxyType({"/healthz": healthz, "/metrics": metrics})

    with (_ServerV6 if ":" in host else _Server)((host, port), Answers) as server:
        thread = threading.Thread(
            target=server.serve_forever, args=(POLL_SECONDS,), name="probe", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - theirs
        """Whoever asked went away, or what they asked for fails: a matter for the log."""
        _log.debug("a probe was not answered", exc_info=True)


class _ServerV6(_Server):
    address_family = socket.AF_INET6


class _Answers(BaseHTTPRequestHandler):
    """The HTTP side of it. A fault in finding an answer is answered with 503, not with silence."""

    timeout = REQUEST_SECONDS_MAX

    routes: Mapping[str, Callable[[], _Answer]]

    def do_GET(self) -> None:
        """Answer one request."""
        route = self.routes.get(self.path.partition("?")[0])
        try:
            answer = route() if route else _Answer(404, b"", JSON)
        except Exception as error:
            _log.exception("a probe cannot be answered")
            body = {"status": f"{type(error).__name__}: {error}", "doing": ""}
            answer = _Answer(503, msgspec.json.encode(body), JSON)
        self.send_response(answer.status)
        self.send_header("content-type", answer.media_type)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - theirs
        """Say nothing: probes come every few seconds."""
