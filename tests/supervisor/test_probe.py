"""Does a process without an API tell the truth about itself?"""

from __future__ import annotations

import socket

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter

from infra.web.probe import probe
from tests.server import free_port


def test_healthz_tells_what_it_does_and_why_it_does_not() -> None:
    """200 while it moves on, 503 with the reason while it does not."""
    faults = [None, "nothing came for 12 s"]
    port = free_port()
    with probe("127.0.0.1", port, faults.pop, lambda: "leads"):
        stuck, well = (httpx.get(f"http://127.0.0.1:{port}/healthz") for _ in range(2))
    assert (stuck.status_code, stuck.json()) == (
        503,
        {"status": "nothing came for 12 s", "doing": "leads"},
    )
    assert (well.status_code, well.json()) == (200, {"status": "ok", "doing": "leads"})
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/healthz")


def test_a_fault_in_finding_out_is_a_fault() -> None:
    """A probe that cannot look does not say that all is well."""

    def broken() -> str | None:
        raise ValueError("no idea")

    port = free_port()
    with probe("127.0.0.1", port, broken):
        answer = httpx.get(f"http://127.0.0.1:{port}/healthz")
    assert (answer.status_code, answer.json()["status"]) == (503, "ValueError: no idea")


def test_metrics_are_those_of_the_registry() -> None:
    """In the text format of Prometheus."""
    registry = CollectorRegistry()
    Counter("packs", "Packs sent", registry=registry).inc(3)
    port = free_port()
    with probe("127.0.0.1", port, lambda: None, registry=registry):
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics")
        assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 404
    assert "packs_total 3.0" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


def test_one_who_sends_nothing_does_not_keep_others_waiting() -> None:
    """Each is answered in a thread of its own."""
    port = free_port()
    with probe("127.0.0.1", port, lambda: None), socket.create_connection(("127.0.0.1", port)):
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2).status_code == 200


def test_port_0_answers_nowhere_and_a_taken_port_is_an_error() -> None:
    """Probes are for those who ask for them."""
    with probe("127.0.0.1", 0, lambda: None):
        pass
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OSError, match="in use"), probe("127.0.0.1", port, lambda: None):
            pass
