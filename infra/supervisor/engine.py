"""How is an engine kept running?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from infra.engines.account import EngineError
from infra.supervisor.kept import LOOK_SECONDS, Kept, Told

READY_LOOK_SECONDS = 0.05


class Startable(Protocol):
    """An engine of ``infra.engines``: both calls block."""

    @property
    def pid(self) -> int | None:
        """Its process id, or None while it does not run."""

    def start(self) -> object:
        """Start it and wait until it answers. Raises EngineError."""

    def stop(self) -> None:
        """Let it end in order. Raises EngineError."""


class KeptEngine(Kept):
    """An engine that is kept running; ``address`` says where it is, once it has been started."""

    def __init__(
        self, name: str, told: Told, engine: Startable, address: Callable[[], str]
    ) -> None:
        super().__init__(name, told)
        self.error: str | None = None
        self._engine = engine
        self._address = address

    @property
    def pid(self) -> int | None:
        """The process id; None while there is none."""
        return self._engine.pid

    async def _run(self) -> str:
        try:
            await self._start()
            while not self._stopping.is_set() and self._engine.pid is not None:
                await self.pause(LOOK_SECONDS)
            if self._stopping.is_set():
                self.turn("stopping", "")
            await asyncio.to_thread(self._engine.stop)
        except EngineError as error:
            self.error = str(error)
            first, *others = self.error.splitlines()
            return " ".join([first, *others[-1:]])
        return "ended by itself"

    async def _start(self) -> None:
        starting = asyncio.create_task(asyncio.to_thread(self._engine.start))
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not starting.done():  # it takes its time, and nobody wants it any more
            self.turn("stopping", "")
            await asyncio.to_thread(self._engine.stop)
        await starting
        if not self._stopping.is_set():
            self.turn("ready", self._address())


async def all_ready(engines: Iterable[KeptEngine]) -> None:
    """Wait until all are ready. Raises EngineError where the first start of one fails."""
    try:
        async with asyncio.TaskGroup() as waiting:
            for engine in engines:
                waiting.create_task(_first_start(engine))
    except ExceptionGroup as group:
        raise EngineError(str(group.exceptions[0])) from group


async def _first_start(engine: KeptEngine) -> None:
    while not engine.ready.is_set():
        if engine.error is not None:
            raise EngineError(engine.error)
        if engine.state == "stopped":
            raise asyncio.CancelledError
        await asyncio.sleep(READY_LOOK_SECONDS)
