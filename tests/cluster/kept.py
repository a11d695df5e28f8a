"""How are processes kept running in a test? As registrar's own supervisor keeps them.

So what comes back after a kill, or after a process ended itself in doubt, comes back by itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

from infra.supervisor.child import Child
from infra.supervisor.kept import Groups, Kept
from tests.server import eventually

BACK_SECONDS_MAX = 30.0
END_SECONDS_MAX = 60.0


class Keeper:
    """Keeps processes running in a thread, until it is stopped. ``children`` are those that it was
    given, ``ends`` says in order how each has ended."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.ends: list[tuple[str, str]] = []
        self.children: list[Child] = []
        self._environment = environment
        self._folder = folder
        self._groups = Groups()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="keeper")
        self._thread.start()

    def child(self, name: str, command: Sequence[str], health: str, dsn: str) -> Child:
        """Return a process that is not kept yet; ``dsn`` is the database as it logs in to it."""
        log = self._folder / f"{name}.log"
        environment = {**self._environment, "REGISTRAR_DATABASE_URL": dsn}
        return Child(name, self._told, command, environment, log, health)

    def keep(self, children: Sequence[Child]) -> None:
        """Keep these running; they are ended together, and before those that were begun before."""
        self.children += children
        asyncio.run_coroutine_threadsafe(self._keep(children), self._loop).result()

    def stop(self) -> None:
        """End everything in order."""
        asyncio.run_coroutine_threadsafe(self._groups.end(), self._loop).result(END_SECONDS_MAX)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def let_go(self, child: Child) -> None:
        """End a process in order, and do not start it again."""
        self._loop.call_soon_threadsafe(child.stop)
        eventually(lambda: child.state == "stopped", END_SECONDS_MAX, f"{child.name} ends")

    async def _keep(self, children: Sequence[Child]) -> None:
        self._groups.begin(children)

    def _told(self, kept: Kept) -> None:
        if kept.state == "failed":
            self.ends.append((kept.name, kept.doing))


def hit(child: Child, number: signal.Signals = signal.SIGKILL) -> int:
    """Send a signal to a process that runs. Returns how often it had been started again before."""
    pid = eventually(lambda: child.pid, BACK_SECONDS_MAX, f"{child.name} runs")
    before = child.restarts
    os.kill(pid, number)
    return before


def back(child: Child, before: int) -> None:
    """Wait until it is well again, having been started again."""
    eventually(
        lambda: child.restarts > before and child.state == "ready",
        BACK_SECONDS_MAX,
        f"{child.name} is back: {child.state} {child.doing}",
    )
