"""Do subscribers miss nothing while facts come in, and is a fact read once for all of them?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from read_api.ports.log import Selection, Window
from read_api.subscriptions import Subscriptions
from tests.read_api.test_events import subscribe
from tests.read_api.world import COURSE, RUN, World

WRITERS = 3
WRITTEN = 40
"""Facts that each of them records."""
SUBSCRIBERS = 20
SECONDS_MAX = 20.0


async def _write(one: World, writer: int) -> None:
    for n in range(WRITTEN):
        course = {"course": f"W{writer}-{n}", "title": f"Course {n}"}
        assert (await one.post("create-course", course)).status_code == 201


async def _from(one: World, after: int, last: int, hangs_up_after: int) -> list[int]:
    """Read on to the last position, and lose the connection after every so many events."""
    positions: list[int] = []
    while after < last:
        wanted = min(hangs_up_after, last - after)
        events = await subscribe(one, "/v1/events", wanted, last=str(after))
        positions += [event[0] for event in events]
        after = positions[-1]
    return positions


def test_nothing_lies_between_history_and_present(empty: World) -> None:
    """From any position, while several write, and however often the connection is lost: each fact
    once, in the order of the log."""
    last = WRITERS * WRITTEN

    async def test() -> None:
        async with asyncio.timeout(SECONDS_MAX):
            writing = [asyncio.create_task(_write(empty, n)) for n in range(WRITERS)]
            reached = await subscribe(empty, "/v1/events?after=0", last // 3)
            middle = reached[-1][0]
            found = await asyncio.gather(
                _from(empty, 0, last, last),
                _from(empty, 0, last, 7),
                _from(empty, middle, last, 1),
                _from(empty, middle - 5, last, 11),
            )
            await asyncio.gather(*writing)
        for positions, after in zip(found, (0, 0, middle, middle - 5), strict=True):
            assert positions == list(range(after + 1, last + 1))

    empty.run(test())


def test_a_stream_tells_what_was_selected_from_history_and_present(empty: World) -> None:
    """By type, run and subject together, and the position goes on over what was not selected."""
    path = f"/v1/events?after=0&type=LearnerEnrolled&run={RUN['run']}&subject=s2"

    async def enrol(subject: str) -> None:
        body = {"run": RUN["run"], "subject": subject, "mode": "audit"}
        assert (await empty.post("enrol-learner", body)).status_code == 201

    async def test() -> None:
        for name, body in (("create-course", COURSE), ("schedule-run", RUN)):
            await empty.post(name, body)
        await enrol("s1")
        await enrol("s2")
        watching = asyncio.create_task(subscribe(empty, path, 2))
        for name in ("withdraw-learner", "enrol-learner"):
            body = {"run": RUN["run"], "subject": "s2"}
            body |= {"mode": "audit"} if name == "enrol-learner" else {}
            answer = await empty.post(name, body)
            assert answer.status_code == 201, answer.text
            await enrol(f"other-{name}")
        events = await watching
        assert [(event[1], event[2]["subject"]) for event in events] == [
            ("LearnerEnrolled", "s2"),
            ("LearnerEnrolled", "s2"),
        ]

    empty.run(test())


class Counting:
    """The log, and how often it was read, by how many at the same time, and waited for."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self.windows = self.at_once = self.at_once_max = self._waiting = 0
        self.all_wait = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    async def window(self, *given: Any) -> Window:
        self.windows += 1
        self.at_once += 1
        self.at_once_max = max(self.at_once_max, self.at_once)
        try:
            window: Window = await self._log.window(*given)
            return window
        finally:
            self.at_once -= 1

    async def wait(self, *given: Any) -> bool:
        self._waiting += 1
        if self._waiting == SUBSCRIBERS:
            self.all_wait.set()
        return bool(await self._log.wait(*given))


async def _pieces(told: AsyncIterator[Any], last: int) -> int:
    """Read until the last position; return in how many pieces it came."""
    pieces = 0
    async for one in told:
        pieces += 1
        if one.through >= last:
            break
    return pieces


def test_a_fact_is_read_once_for_all_who_wait_for_it(empty: World) -> None:
    """So that it costs the same with many subscribers as with one."""

    async def test() -> None:
        log = Counting(empty.reads.log)
        subscriptions = Subscriptions(empty.but(log=log).reads, _bytes)
        async with asyncio.timeout(SECONDS_MAX):
            crowd = [asyncio.create_task(_until(subscriptions, 0, 1)) for _ in range(SUBSCRIBERS)]
            await log.all_wait.wait()
            before = log.windows
            await empty.post("create-course", COURSE)
            assert await asyncio.gather(*crowd) == [1] * SUBSCRIBERS
        assert (before, log.windows - before) == (1, 1)

    empty.run(test())


def test_few_read_history_at_the_same_time(empty: World) -> None:
    """Whoever asks for all of it from different positions takes turns with the others."""

    async def test() -> None:
        for n in range(SUBSCRIBERS):
            await empty.post("create-course", {"course": f"C{n}", "title": "Course"})
        log = Counting(empty.reads.log)
        subscriptions = Subscriptions(empty.but(log=log).reads, _bytes)
        async with asyncio.timeout(SECONDS_MAX):
            await asyncio.gather(
                *(_until(subscriptions, after, SUBSCRIBERS) for after in range(SUBSCRIBERS))
            )
        assert log.at_once_max <= 2

    empty.run(test())


def _bytes(window: Window) -> bytes:
    return b"".join(b"%d " % fact.position for fact in window.facts)


async def _until(subscriptions: Subscriptions, after: int, last: int) -> int:
    async with aclosing(subscriptions.follow("main", after, Selection())) as told:  # type: ignore[type-var]
        return await _pieces(told, last)
