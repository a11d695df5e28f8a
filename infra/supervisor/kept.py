"""What does it mean to keep something running: started, watched, and started again?"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

State = Literal["waiting", "starting", "ready", "stuck", "failed", "stopping", "stopped"]
Told = Callable[["Kept"], None]

BACKOFF_SECONDS_MIN, BACKOFF_SECONDS_MAX = 0.2, 5.0
STEADY_SECONDS = 10.0
"""What ran for so long is started again at once when it dies."""
LOOK_SECONDS = 1.0
START_LOOK_SECONDS = 0.2


class Kept(ABC):
    """One thing that is kept running. ``told`` hears when it is in another state or does another
    thing.

    ``keep`` runs until ``stop``; what it finds stands in the attributes, for whoever shows them.
    """

    def __init__(self, name: str, told: Told) -> None:
        self.name = name
        self.state: State = "waiting"
        self.doing = ""
        self.restarts = 0
        self.ready = asyncio.Event()
        self._told = told
        self._said: tuple[str, str] = (self.state, "")
        self._since: float | None = None
        self._stopping = asyncio.Event()

    @property
    @abstractmethod
    def pid(self) -> int | None:
        """The process id; None while there is none."""

    @property
    def up_seconds(self) -> float | None:
        """How long it has been running; None while it does not."""
        return None if self._since is None else time.monotonic() - self._since

    @property
    def memory_bytes(self) -> int | None:
        """What it holds of this machine's memory; None where that cannot be learned."""
        return None if self.pid is None else resident_bytes(self.pid)

    async def keep(self) -> None:
        """Keep it running until it is stopped, with growing pauses while it dies at once."""
        backoff = BACKOFF_SECONDS_MIN
        while not self._stopping.is_set():
            self.turn("starting", "")
            began = self._since = time.monotonic()
            why = await self._run()
            self._since = None
            if self._stopping.is_set():
                break
            if time.monotonic() - began > STEADY_SECONDS:
                backoff = BACKOFF_SECONDS_MIN
            self.turn("failed", f"{why}; again in {backoff:.1f} s")
            await self.pause(backoff)
            backoff = min(2 * backoff, BACKOFF_SECONDS_MAX)
            self.restarts += 1
        self.turn("stopped", "")

    def stop(self) -> None:
        """Let ``keep`` end it in order, and return."""
        self._stopping.set()

    def turn(self, state: State, doing: str) -> None:
        """Note how it is, and tell if it is in another state or does another thing: figures after
        a colon change all the time."""
        before, self.state, self.doing = self._said, state, doing
        self._said = state, doing.partition(":")[0]
        if state == "ready":
            self.ready.set()
        if self._said != before:
            self._told(self)

    async def pause(self, seconds: float) -> None:
        """Wait, but not when it is to stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    @abstractmethod
    async def _run(self) -> str:
        """Start it, watch it until it ends by itself or because of ``stop``, and say why it did."""


class Groups:
    """Groups of what is kept: those begun last are ended first, and no two groups at once."""

    def __init__(self) -> None:
        self._groups: list[dict[Kept, asyncio.Task[None]]] = []

    def begin(self, group: Sequence[Kept]) -> None:
        """Begin to keep all of a group."""
        self._groups.append(
            {kept: asyncio.create_task(kept.keep(), name=kept.name) for kept in group}
        )

    async def end(self) -> None:
        """End one group after another, and return when all of it has ended."""
        while self._groups:
            group = self._groups.pop()
            for kept in group:
                kept.stop()
            await asyncio.gather(*group.values(), return_exceptions=True)


def resident_bytes(pid: int) -> int | None:
    """Return the memory that a process holds (proc_pid_status(5)); None where it is not told."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return None
    return None
