"""One process that follows the log with policies and the scheduler, for others to kill.

``python -m tests.faults.scheduling DSN`` says ``ready`` and goes on until it is killed.
"""

from __future__ import annotations

import asyncio
import sys

from infra.compose.parts import commanding, policies
from infra.keys.memory import MemoryKeys
from infra.web.metrics import Metrics


async def schedule(dsn: str) -> None:
    """Follow until the process is killed."""
    async with (
        commanding(dsn, MemoryKeys(), Metrics()) as commands,
        policies(dsn, commands),
    ):
        print("ready", flush=True)  # noqa: T201 - the test reads it
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(schedule(sys.argv[1]))
