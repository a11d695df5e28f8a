"""How does what is kept of learners go when its time has come? By rules, and never in a hurry."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta

from commands.ports import LogUnavailable
from domain.access import Principal, Role
from projections.ports import StoreUnavailable
from streams.policies.clock import SteadyClock
from streams.ports import Dispatch, Ended, Order, Retained

NAME = "retention"
SWEEP_SECONDS = 3_600.0
UNAVAILABLE_SECONDS = 5.0
SETTLED = timedelta(days=7)
"""So long after the last change of a tenant's rules nobody is erased by them: time to look at what
they would take, and to take a slip back. An erasure cannot be."""

_log = logging.getLogger(__name__)


class Sweep:
    """Looks through all learners from time to time, and has those erased whose time has come.

    One who is under a legal hold is left alone until it is lifted. Each erasure is sent under a key
    derived from the learner's last fact, so that a second process or a crash sends it once.
    """

    def __init__(self, retained: Retained, dispatch: Dispatch, clock: SteadyClock) -> None:
        self.answers: Counter[str] = Counter()
        self._retained = retained
        self._dispatch = dispatch
        self._clock = clock
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Sweep until it is stopped."""
        while not self._stopping.is_set():
            pause = SWEEP_SECONDS
            try:
                await self.step()
            except (LogUnavailable, StoreUnavailable) as error:
                _log.debug("retention waits: %s", error)
                pause = UNAVAILABLE_SECONDS
            except Exception:
                _log.exception("retention waits")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    def stop(self) -> None:
        """Let ``run`` return after the page under way."""
        self._stopping.set()

    async def step(self) -> int:
        """Look through everybody once, and return how many erasures were sent.

        Raises what the log or the store raised; nothing is lost by beginning again. While the clock
        is doubted nobody is erased: what is gone cannot be brought back.
        """
        now = self._clock.now()
        if self._clock.doubted:
            return 0
        sent = 0
        for tenant in await asyncio.to_thread(self._retained.settled, now - SETTLED):
            sent += await self._sweep(tenant, now)
        return sent

    async def _sweep(self, tenant: str, now: datetime) -> int:
        sent, after = 0, ""
        while not self._stopping.is_set():
            page = await asyncio.to_thread(self._retained.page, tenant, after)
            for one in page.ended:
                if one.until <= now:
                    await self._erase(tenant, one)
                    sent += 1
            if page.next is None:
                break
            after = page.next
        return sent

    async def _erase(self, tenant: str, one: Ended) -> None:
        principal = Principal(NAME, tenant, NAME, frozenset({Role.POLICY}))
        order = Order(
            "erase-learner",
            {"subject": one.subject, "ground": "retention-ended"},
            f"retention/{one.subject}/{one.position}",
        )
        done = await self._dispatch(order, principal, one.cause)
        self.answers[done.rule or done.status] += 1
