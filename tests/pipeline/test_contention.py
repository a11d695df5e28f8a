"""Is a command decided in its turn on a contended stream, with all that it needs?"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from commands.ports import Exclusive
from commands.requests import Recorded
from domain.enrolment.rules import RunFull
from tests.pipeline.conftest import Process, schedule

SEATS = "main/run-seats/AAA-2013J"


class Watched:
    """A log that tells what was read of it, and when a stream is first waited for in turns."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self.read: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.contended = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    async def read_streams(self, after: Mapping[str, int]) -> Any:
        found = await self._log.read_streams(after)
        for name in after:
            self.read[name].set()
        return found

    def exclusive(self, stream: str) -> AbstractAsyncContextManager[Exclusive]:
        self.contended.set()
        return self._log.exclusive(stream)


def enrol(process: Process, subject: str) -> Any:
    return process.do("enrol-learner", run="AAA-2013J", subject=subject, mode="honor")


def test_what_a_contended_command_needs_is_fetched_before_its_turn(
    process: Process, process_on: Callable[[Any], Process]
) -> None:
    """Enrolling where seats are limited reads who the learner is, which only the enrolment and the
    run tell. Others have the seats: all that wait for their turn have what they need by then, and
    are decided in it, on what the others leave."""

    async def scenario() -> None:
        log, other = Watched(process.log), process_on(process.log)
        ours = process_on(log)
        await schedule(process, capacity=4)
        await enrol(ours, "s1")
        await enrol(other, "s2")
        async with process.log.exclusive(SEATS):
            third = ours.request("enrol-learner", run="AAA-2013J", subject="s3", mode="honor")
            batch = asyncio.create_task(ours.pipeline.execute_many([third]))
            await log.contended.wait()  # it was decided on one seat taken, and lost
            waiting = [asyncio.create_task(enrol(ours, subject)) for subject in ("s4", "s5")]
            for subject in ("s4", "s5"):
                await log.read[f"main/learner/{subject}"].wait()
            assert not any(task.done() for task in (batch, *waiting))
        fourth, full = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(answer, Recorded) for answer in (*await batch, fourth))
        assert isinstance(full, RunFull), full

    asyncio.run(asyncio.wait_for(scenario(), 30))
