"""How does a long verb show how far it is?"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

PLAIN_LINE_EVERY_SECONDS = 5.0


@contextmanager
def bar(doing: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Have a bar on a terminal, plain lines elsewhere, on standard error; nothing when ``quiet``.

    It is told how many of how many are done.
    """
    console = Console(stderr=True)
    if quiet:
        yield lambda *_: None
    elif console.is_terminal:
        columns = (
            TextColumn(doing),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console) as shown:
            task = shown.add_task("", total=None)
            yield lambda done, total: shown.update(task, completed=done, total=total)
    else:
        yield _Lines(doing)


class _Lines:
    """A plain line every few seconds."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._said = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._said >= PLAIN_LINE_EVERY_SECONDS:
            self._said = now
            print(f"{self._doing}: {done:,} of {total:,}", file=sys.stderr, flush=True)
