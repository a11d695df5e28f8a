"""How does somebody who waits for a rebuild see how far it is?"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from projections.status import ReadingStatus

PLAIN_LINE_EVERY_SECONDS = 5.0

Told = Callable[[ReadingStatus], None]


@contextmanager
def progress(*, quiet: bool) -> Iterator[Told]:
    """Show how far it is: a bar on a terminal, plain lines elsewhere, on standard error."""
    console = Console(stderr=True)
    if quiet:
        yield lambda _status: None
    elif console.is_terminal:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("", total=1.0)
            yield lambda status: bar.update(
                task, description=said(status), completed=status.progress or 0.0
            )
    else:
        yield _Lines()


def said(status: ReadingStatus) -> str:
    """Say in a few words what is under way."""
    if status.progress is None:
        return f"{status.name}: waits for a server"
    if status.error is not None:
        return f"{status.name}: {status.error}"
    if status.progress < 1.0:
        return f"{status.name}: reads the log anew"
    return f"{status.name}: takes over"


class _Lines:
    """A plain line every few seconds. What is done sooner needs none."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def __call__(self, status: ReadingStatus) -> None:
        now = time.monotonic()
        if now - self._said < PLAIN_LINE_EVERY_SECONDS:
            return
        self._said = now
        share = "" if status.progress is None else f", {status.progress:.0%}"
        print(f"{said(status)}{share}", file=sys.stderr, flush=True)
