"""Can somebody see at a glance how every process is doing?"""

from __future__ import annotations

import asyncio
import io
from typing import Any

import httpx
import pytest
from rich.console import Console
from starlette.responses import JSONResponse

from infra.supervisor.child import Seen, look
from infra.supervisor.kept import Kept, State
from infra.supervisor.screen import Screen, duration, table


class Still(Kept):
    """Something that only stands there."""

    def __init__(self, name: str, state: State, doing: str, pid: int | None) -> None:
        super().__init__(name, lambda _: None)
        self.state, self.doing, self._pid = state, doing, pid

    @property
    def pid(self) -> int | None:
        return self._pid

    @property
    def memory_bytes(self) -> int | None:
        return None if self._pid is None else 120 * 1024 * 1024

    async def _run(self) -> str:
        return ""


LEADS = Still(
    "relay-1", "ready", "leads: packs 7 behind (0.1 s) at 4,372 " + "and so on " * 20, 5154
)
FAILED = Still("work certificates", "failed", "ended with 1; again in 0.2 s", None)


def test_each_process_has_one_line_that_fits() -> None:
    """At 100 columns nothing wraps, and what matters is there."""
    out = io.StringIO()
    Console(file=out, width=100).print(table([LEADS, FAILED], 97))
    head, leads, failed = out.getvalue().splitlines()
    assert max(map(len, (head, leads, failed))) <= 100
    assert leads.split()[:4] == ["relay-1", "ready", "5154", "120"]
    assert "leads: packs 7 behind (0.1 s)" in leads
    assert failed.rstrip().endswith("ended with 1; again in 0.2 s")


def test_without_a_terminal_each_change_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """With the process id, or with why there is none."""
    screen = Screen(Console(file=io.StringIO()))
    with screen.shown(lambda: [LEADS]):
        screen.told(FAILED)
        screen.told(Still("redis", "ready", "", 7))
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith(" work certificates failed: ended with 1; again in 0.2 s")
    assert second.endswith(" redis ready (pid 7)")


READY = {"ready": True, "faults": [], "position": 4_372}
READINGS = [{"name": "search", "lag_positions": 1_200}, {"name": "progress", "lag_positions": 0}]


@pytest.mark.parametrize(
    ("status", "told", "seen"),
    [
        (200, {"status": "ok", "doing": "stands by"}, Seen(True, "stands by")),
        (503, {"status": "packs stand still", "doing": ""}, Seen(False, "packs stand still")),
        (200, READY, Seen(True, "log at 4,372")),
        (200, READY | {"readings": READINGS[1:]}, Seen(True, "log at 4,372, readings 0 behind")),
        (200, READY | {"readings": READINGS}, Seen(True, "log at 4,372, search 1,200 behind")),
        (
            503,
            {"faults": ["No log.", "No store."], "position": None},
            Seen(False, "No log. No store."),
        ),
    ],
)
def test_what_a_process_does_is_told_with_its_lag(
    status: int, told: Any, seen: Seen | None
) -> None:
    """By its probe, or by ``/readyz`` of an API; of several readings the last one counts."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await JSONResponse(told, status)(scope, receive, send)

    async def asked() -> Seen | None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            return await look(client, "http://there/healthz")

    assert asyncio.run(asked()) == seen


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0:00"), (75, "1:15"), (3_725, "1h 02"), (90_000, "1d 1h")],
)
def test_durations_are_short(seconds: float, said: str) -> None:
    """The column stays narrow, however long it runs."""
    assert duration(seconds) == said
