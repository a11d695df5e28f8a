"""What does a worker spend its time on?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Stage = Literal["unpack", "decode", "fold", "load", "write"]


class Stages:
    """Seconds by stage. What is spent on a stage within another counts for the inner one only.

    Used by one thread.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage: Stage | None = None
        self._since = 0.0

    @contextmanager
    def on(self, stage: Stage) -> Iterator[None]:
        """Count the time until the end of the block for this stage."""
        outer = self._switch(stage)
        try:
            yield
        finally:
            self._switch(outer)

    def _switch(self, stage: Stage | None) -> Stage | None:
        before, now = self._stage, time.perf_counter()
        if before is not None:
            self.seconds[before] = self.seconds.get(before, 0.0) + now - self._since
        self._stage, self._since = stage, now
        return before
