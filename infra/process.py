"""What does every process of ours set for itself?"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

_SIGNALS = [signal.SIGINT, signal.SIGTERM]
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
    _SIGNALS.append(signal.SIGHUP)  # nohup has it ignored, and so it stays
LOST = 70
"""The exit code of a process that is in doubt whether it may go on, and is to be started again."""


def calm_garbage_collection() -> None:
    """Collect rarely: at the default thresholds it costs half of the batch route's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)


def say(line: str) -> None:
    """Print one line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a process's work to its end, or until Stop cancels it."""
    with asyncio.Runner(loop_factory=_loop) as runner, suppress(asyncio.CancelledError):
        runner.run(work)


def _loop() -> asyncio.AbstractEventLoop:
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


class Stop:
    """What Ctrl-C, SIGTERM and the terminal's end do: cancel the task that made this, or ``end``
    its work in order."""

    def __init__(self) -> None:
        self.end: Callable[[], None] | None = None
        self._main = asyncio.current_task()
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._asked)

    def _asked(self) -> None:
        if self.end is not None:
            self.end()
        elif self._main is not None:
            self._main.cancel()
