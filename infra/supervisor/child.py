"""How is one process of registrar's kept running?"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from infra.engines.engine import leash
from infra.engines.running import opened_log
from infra.supervisor.kept import LOOK_SECONDS, START_LOOK_SECONDS, Kept, Told

STOP_SECONDS_MAX = 15.0
ANSWER_SECONDS_MAX = 5.0
LOG_TAIL_BYTES = 4_096
SAID_CHARACTERS_MAX = 200


class Seen(NamedTuple):
    """What a look at a process showed: whether it is well, and what it does or what ails it."""

    well: bool
    doing: str


class Child(Kept):
    """A process that is kept running; ``health`` is the address at which it tells how it is.

    ``command`` is its command line. What it prints goes into ``log``. The kernel ends it when the
    process that started it dies.
    """

    def __init__(
        self,
        name: str,
        told: Told,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        health: str,
    ) -> None:
        super().__init__(name, told)
        self._command = [*leash(), *command]
        self._environment = environment
        self._log = log
        self._health = health
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process id; None while there is none."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    async def _run(self) -> str:
        try:
            process = self._process = await self._spawn()
        except OSError as error:
            return f"cannot be started: {error.strerror}"
        ended = asyncio.create_task(process.wait())
        looking = asyncio.create_task(self._look())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        looking.cancel()
        stopping.cancel()
        if not ended.done():
            self.turn("stopping", "")
            await self._end(process, ended)
        return f"{_how(await ended)}{self._last_words()}"

    async def _spawn(self) -> asyncio.subprocess.Process:
        with opened_log(self._log) as output:
            # A session of its own: the terminal's Ctrl-C is for the supervisor, which ends them.
            return await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **self._environment},
                start_new_session=True,
            )

    async def _end(self, process: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> None:
        process.terminate()
        await asyncio.wait({ended}, timeout=STOP_SECONDS_MAX)
        if not ended.done():
            process.kill()
            await ended

    async def _look(self) -> None:
        """Ask the process how it is, again and again."""
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS_MAX, trust_env=False) as client:
            while True:
                seen = await look(client, self._health)
                if seen is not None:
                    self.turn("ready" if seen.well else "stuck", seen.doing)
                elif self.state != "starting":
                    self.turn("stuck", "does not answer")
                await asyncio.sleep(
                    START_LOOK_SECONDS if self.state == "starting" else LOOK_SECONDS
                )

    def _last_words(self) -> str:
        """Return the last line of the log, which says what went wrong."""
        with self._log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - LOG_TAIL_BYTES))
            lines = log.read().decode(errors="replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f" ({said[:SAID_CHARACTERS_MAX]})" if said else ""


async def look(client: httpx.AsyncClient, address: str) -> Seen | None:
    """Ask a process how it is; None: it does not answer.

    Both forms are understood: a probe's (``status``, ``doing``), and that of ``/readyz``.
    """
    try:
        response = await client.get(address)
        told = response.json()
    except (httpx.HTTPError, ValueError):
        return None
    faults = " ".join(told.get("faults", ()))
    if not response.is_success:
        return Seen(False, faults or told.get("status", ""))
    return Seen(True, told["doing"] if "doing" in told else _lag(told))


def _lag(told: Mapping[str, Any]) -> str:
    """Say what ``/readyz`` tells: where the log is, and how far the last of the readings."""
    log = f"log at {told['position']:,}"
    readings = told.get("readings")
    if not readings:
        return log
    last = max(readings, key=lambda one: one["lag_positions"])
    if last["lag_positions"] == 0:
        return f"{log}, readings 0 behind"
    return f"{log}, {last['name']} {last['lag_positions']:,} behind"


def _how(code: int) -> str:
    return f"ended with {code}" if code >= 0 else f"ended by {signal.Signals(-code).name}"
