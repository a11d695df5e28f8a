"""How does a verb wait for something that the server does?"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, TypeVar

from infra.cli.bar import bar
from infra.cli.client import get
from infra.cli.errors import Failed

POLL_SECONDS = 0.2

F = TypeVar("F")


def wait(look: Callable[[], F], ended: Callable[[F], bool], seconds: float = math.inf) -> F:
    """Look until it has ended, or for so long, and return what was found last."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if ended(found) or time.monotonic() >= deadline:
            return found
        time.sleep(POLL_SECONDS)


def wait_for_job(address: str, path: str, doing: str, *, quiet: bool) -> None:
    """Show how far the job at ``path`` is until it is done. Raises Failed where it fails."""
    with bar(doing, quiet=quiet) as told:

        def look() -> dict[str, Any]:
            job: dict[str, Any] = get(address, path)
            told(job["done"], job["of"] or 0)
            return job

        job = wait(look, lambda job: job["state"] not in ("waiting", "running"))
    if job["error"] is not None:
        raise Failed(job["error"])
