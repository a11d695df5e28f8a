"""What do all engines have in common: to run for a while, and to say in a log why they ended?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import IO, Self

LOG_BYTES_KEPT = 16 * 1024 * 1024
LOG_LINES_SHOWN = 15


class Running(ABC):
    """Something that runs within a ``with``. ``start`` and ``stop`` again and again."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @abstractmethod
    def start(self) -> None:
        """Start it unless it runs, and wait until it answers. Raises EngineError."""

    @abstractmethod
    def stop(self) -> None:
        """Let it end in order."""


def opened_log(log: Path) -> IO[bytes]:
    """Open a log to go on with; a long one is put aside first, in place of an older one."""
    if log.exists() and log.stat().st_size > LOG_BYTES_KEPT:
        log.replace(log.with_suffix(".log.1"))
    return log.open("ab")


def failure(what: str, log: Path) -> str:
    """Return what went wrong, with the end of the log."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join([f"{what}. Its log, {log}, ends:", *lines[-LOG_LINES_SHOWN:]])
