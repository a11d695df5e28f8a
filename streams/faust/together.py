"""How does one process keep several readings up, and end at the first doubt about any?"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Sequence
from typing import NoReturn

from streams.faust.app import ReadingApp

STOP_SECONDS_MAX = 8.0

_log = logging.getLogger(__name__)


class Together:
    """Readings that share a process: for small ones its imports and its memory cost more than all
    that they do. Each is a member of a group of its own, so others may keep it up elsewhere."""

    def __init__(self, apps: Sequence[ReadingApp]) -> None:
        self._apps = apps

    def fault(self) -> str | None:
        """Return why one of them does not move on though it should; None: all do, or have no need
        to."""
        for app in self._apps:
            if (found := app.fault()) is not None:
                return f"{app.worker.reading.name}: {found}"
        return None

    def doing(self) -> str:
        """Return in a few words where the one is that is the furthest behind."""
        last = max(self._apps, key=ReadingApp.behind)
        if len(self._apps) == 1:
            return last.doing()
        return f"{len(self._apps)} readings, {last.worker.reading.name} {last.doing()}"

    async def run(self) -> NoReturn:
        """Keep them up until SIGTERM or SIGINT; then the process ends with 0, or with 70 at any
        doubt."""
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        kept = [asyncio.create_task(app.keep()) for app in self._apps]
        waiting = asyncio.create_task(stopping.wait())
        await asyncio.wait([waiting, *kept], return_when=asyncio.FIRST_COMPLETED)
        for task in kept:
            if task.done():
                task.result()
            task.cancel()
        try:
            async with asyncio.timeout(STOP_SECONDS_MAX):
                await asyncio.gather(*(app.stop() for app in self._apps))
        except Exception:
            _log.exception("a worker does not end in order")
        # Everything that counts is committed; threads of the libraries must not hold us up.
        os._exit(0)
