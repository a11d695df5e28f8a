"""How does somebody at a terminal see how every process is doing?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from infra.process import say
from infra.supervisor.kept import Kept, State

REFRESHES_A_SECOND = 2
MARGIN_COLUMNS = 3
"""Room for the ^C that a terminal echoes, which would otherwise begin a line of its own."""
MEGABYTE = 1024 * 1024
STYLES: dict[State, str] = {
    "waiting": "dim",
    "starting": "yellow",
    "ready": "green",
    "stuck": "bold red",
    "failed": "bold red",
    "stopping": "yellow",
    "stopped": "dim",
}


class Screen:
    """Shows one status line a process on a terminal; elsewhere, a line when a state changes."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._live: Live | None = None

    def told(self, kept: Kept) -> None:
        """Hear that a state changed."""
        if self._live is None:
            now = datetime.now().astimezone().strftime("%H:%M:%S")
            pid = f" (pid {kept.pid})" if kept.pid is not None else ""
            what = f": {kept.doing}" if kept.doing else ""
            self.say(f"{now} {kept.name} {kept.state}{pid}{what}")

    def say(self, line: str) -> None:
        """Print a line, above the table where there is one. Whoever read them may have left."""
        with suppress(OSError):
            if self._live is None:
                say(line)
            else:
                self._console.print(line, highlight=False, markup=False)

    @contextmanager
    def shown(self, all_kept: Callable[[], Sequence[Kept]]) -> Iterator[None]:
        """Show the table for a while, if this is a terminal.

        ``all_kept`` returns what there is to show, which grows while a cluster starts.
        """
        if not self._console.is_terminal:
            yield
            return
        with Live(
            console=self._console,
            get_renderable=lambda: table(all_kept(), self._console.width - MARGIN_COLUMNS),
            refresh_per_second=REFRESHES_A_SECOND,
        ) as live:
            self._live = live
            try:
                yield
            finally:
                live.refresh()
                self._live = None


def table(all_kept: Sequence[Kept], columns: int) -> Table:
    """Return one line a process: how it is, for how long, how often it died, and what it does."""
    lines = Table(box=None, pad_edge=False, width=columns)
    for column in ("process", "state"):
        lines.add_column(column, no_wrap=True)
    for column in ("pid", "up", "died", "memory"):
        lines.add_column(column, no_wrap=True, justify="right")
    lines.add_column("doing", no_wrap=True, overflow="ellipsis", ratio=1)
    for kept in all_kept:
        memory = kept.memory_bytes
        lines.add_row(
            kept.name,
            Text(kept.state, STYLES[kept.state]),
            str(kept.pid or ""),
            "" if kept.up_seconds is None else duration(kept.up_seconds),
            str(kept.restarts or ""),
            "" if memory is None else f"{memory // MEGABYTE:,} MB",
            kept.doing,
        )
    return lines


def duration(seconds: float) -> str:
    """Say how long that is, in at most six characters."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours}h"
    if hours:
        return f"{hours}h {minutes:02}"
    return f"{minutes}:{rest:02}"
