"""How does what happens because time passes get done, once, and however long nobody was there?

A reading of the log tells what falls due. The scheduler sends each command when its moment has
come, under a key derived from the fact that named the moment: sent twice, by a second process or
after a crash, it decides once. Whether anything is still to be done is the command's own decision.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from commands.ports import LogUnavailable
from domain.access import Principal, Role
from projections.ports import StoreUnavailable
from streams.policies.clock import SteadyClock
from streams.ports import (
    Dispatch,
    Due,
    DueList,
    Mark,
    Order,
    Roster,
    Standing,
    Timed,
)

NAME = "scheduler"
IN_FLIGHT_MAX = 64
POLL_SECONDS = 0.5
"""So late is a command at most, where nothing is in the way."""
UNAVAILABLE_SECONDS = 0.5
TOLD_AFTER_TIMES = 3
"""What is not there yet at a start is not worth a word; what stays away is."""
SAVE_EVERY = timedelta(minutes=1)
"""A crash has no more than this looked through again, where there was nothing to send."""
AGAIN_AFTER = timedelta(seconds=1)
RETRY_SECONDS_MIN, RETRY_SECONDS_MAX = 30, 3_600
TRIES_COUNTED_MAX = 10
ERROR_CHARACTERS_MAX = 500
INSTANT = timedelta(microseconds=1)

_log = logging.getLogger(__name__)


class Moved(Exception):
    """Another process has noted how far was sent."""


class Stopped(Exception):
    """There is to be no more sending."""


class Scheduler:
    """Sends what falls due, page by page, and notes how far it is.

    A command that fails by a fault is kept with its error and sent again after 30 s, then 60 s, up
    to an hour; the others go on. While the log or the reading is away, everything waits.
    """

    def __init__(
        self,
        due: DueList,
        roster: Roster,
        dispatch: Dispatch,
        clock: SteadyClock,
    ) -> None:
        self.answers: Counter[str] = Counter()
        self._due = due
        self._roster = roster
        self._dispatch = dispatch
        self._clock = clock
        self._mark: Mark | None = None
        self._saved: Mark | None = None
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Send what falls due until it is stopped."""
        waits, times = "", 0
        while not self._stopping.is_set():
            pause = POLL_SECONDS
            try:
                await self.step()
                times = 0
            except (Moved, Stopped):
                continue
            except (LogUnavailable, StoreUnavailable) as error:
                times = times + 1 if str(error) == waits else 1
                waits = str(error)
                if times == TOLD_AFTER_TIMES:
                    _log.warning("the scheduler waits: %s", error)
                pause = UNAVAILABLE_SECONDS
            except Exception:
                _log.exception("the scheduler waits")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    def stop(self) -> None:
        """Let ``run`` return after the commands under way."""
        self._stopping.set()

    async def step(self) -> int:
        """Send all that is due by now. Returns how many commands were sent.

        Raises what the log or the store raised; what was sent decides nothing when sent again.
        """
        standing = await asyncio.to_thread(self._due.standing)
        now = min(self._clock.now(), standing.now)
        mark = await self._found(standing, now)
        sent = await self._send_again(now)
        if standing.position >= mark.position:  # else the reading is being made anew
            sent += await self._send_late(mark, standing)
            mark = self._mark or mark
            sent += await self._send_coming(mark, now, standing)
        return sent

    async def _found(self, standing: Standing, now: datetime) -> Mark:
        """Return how far was sent. A clock that was set back has it look again from there on; in
        another epoch of the log it begins where it once began."""
        mark = self._mark
        if mark is None:
            first = Mark(standing.head, now, standing.head, standing.epoch)
            self._saved = mark = await asyncio.to_thread(self._due.begin, first)
        if mark.epoch != standing.epoch:
            again = min(mark.began_at, standing.position)
            mark = mark._replace(position=again, epoch=standing.epoch)
        return mark._replace(through=min(mark.through, now))

    async def _send_again(self, now: datetime) -> int:
        sent = 0
        while page := await asyncio.to_thread(self._due.again, now):
            await self._all(page)
            sent += len(page)
        return sent

    async def _send_late(self, mark: Mark, standing: Standing) -> int:
        """Send what new facts say was due already."""
        sent, after = 0, None
        while page := await asyncio.to_thread(self._due.late, mark, standing.position, after):
            sent += await self._send_page(page, standing)
            mark, after = mark._replace(position=page[-1].position - 1), page[-1].key
            await self._reached(mark)
        self._mark = mark = mark._replace(position=standing.position)
        if self._saved is None or mark.position != self._saved.position:
            await self._reached(mark)
        return sent

    async def _send_coming(self, mark: Mark, now: datetime, standing: Standing) -> int:
        """Send what has fallen due since the last time."""
        sent, after = 0, None
        while page := await asyncio.to_thread(self._due.coming, mark, now, after):
            sent += await self._send_page(page, standing)
            mark, after = mark._replace(through=page[-1].due_at - INSTANT), page[-1].key
            await self._reached(mark)
        self._mark = mark = mark._replace(through=now)
        if sent or self._saved is None or now - self._saved.through > SAVE_EVERY:
            await self._reached(mark)
        return sent

    async def _reached(self, mark: Mark) -> None:
        """Note how far was sent. Where another scheduler has moved it, begin from there."""
        self._mark = mark
        if mark == self._saved:
            return
        before = self._saved or mark
        if await asyncio.to_thread(self._due.move, before, mark):
            self._saved = mark
        else:
            self._saved = self._mark = None
            raise Moved

    async def _send_page(self, page: Sequence[Due], standing: Standing) -> int:
        """Send a page; what is for everybody in a run goes out by itself, which may be much."""
        sent, single = 0, []
        for due in page:
            orders = await self._orders(due, standing)
            sent += len(orders)
            if due.each:
                await self._all(orders)
            else:
                single += orders
        await self._all(single)
        return sent

    async def _orders(self, due: Due, standing: Standing) -> list[Timed]:
        """Return what is to be sent: one command, or one for each learner in the run."""
        subjects: Sequence[str] = (due.key.subject,)
        if due.each:
            subjects = await self._roster.active_at(due.key.tenant, due.key.run, standing.position)
        key = f"{due.key.kind}/{due.cause.id}/{due.key.thing}"
        return [
            Timed(
                Order(
                    due.command,
                    {**due.body, "subject": subject} if due.each else due.body,
                    f"{key}/{subject}",
                ),
                due.key.tenant,
                due.cause,
                due.due_at,
            )
            for subject in subjects
        ]

    async def _all(self, orders: Sequence[Timed]) -> None:
        for first in range(0, len(orders), IN_FLIGHT_MAX):
            if self._stopping.is_set():
                raise Stopped
            await asyncio.gather(*map(self._send, orders[first : first + IN_FLIGHT_MAX]))

    async def _send(self, one: Timed) -> None:
        """Send one command, and keep it where it must be sent again later."""
        principal = Principal(NAME, one.tenant, NAME, frozenset({Role.POLICY}))
        later: Timed | None = None
        try:
            done = await self._dispatch(one.order, principal, one.cause)
        except (LogUnavailable, StoreUnavailable):
            raise
        except Exception as error:
            _log.exception("%s failed", one.order.command)
            self.answers["failed"] += 1
            pause = min(RETRY_SECONDS_MIN * 2**one.tries, RETRY_SECONDS_MAX)
            later = one._replace(
                again_at=self._clock.now() + timedelta(seconds=pause),
                tries=min(one.tries + 1, TRIES_COUNTED_MAX),
                error=f"{type(error).__name__}: {error}"[:ERROR_CHARACTERS_MAX],
            )
        else:
            self.answers[done.rule or done.status] += 1
            if done.due is not None:  # by the pipeline's clock, which may be behind this one
                soon = self._clock.now() + AGAIN_AFTER
                later = one._replace(again_at=max(done.due, soon), tries=0, error=None)
        if later is not None:
            await asyncio.to_thread(self._due.postpone, later)
        elif one.kept:
            await asyncio.to_thread(self._due.settle, one.order.key)
