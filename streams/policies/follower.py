"""How does a policy follow the log, deciding once on every fact?"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from commands.ports import LogUnavailable
from commands.requests import Cause
from domain.kernel import Envelope
from domain.registry import Registry
from projections.decoding import Broken, decode
from projections.ports import LogReader, StoreUnavailable
from streams.policies.policy import Policy, principal_of
from streams.ports import Dispatch, Followers, FollowerState

T = TypeVar("T")

PAGE_FACTS_MAX = 2_000
IN_FLIGHT_MAX = 64
"""Commands of one policy that are under way at a time."""
LINGER_SECONDS = 0.1
"""Pages begin so far apart while facts trickle in: one costs much the same for 1 fact and 100."""
WAIT_SECONDS_MAX = 0.5
BACKOFF_SECONDS_MIN = 0.2
BACKOFF_SECONDS_MAX = 30.0
UNAVAILABLE_SECONDS = 0.5
"""A log that is away is asked again so soon, however long it has been away."""

_log = logging.getLogger(__name__)


class Stuck(Exception):
    """A fact that a policy cannot act on. It is not passed over: somebody must look."""


class Follower:
    """Runs one policy: pages the log from its own position, and sends what follows.

    The position is noted after all commands of a page have an answer, so that a crash repeats some;
    their keys make sure that they decide nothing twice. A refusal is an answer and is counted.
    While the log is away the same page is tried again; any other error leaves the policy where it
    is, for all to see, until it works. ``log`` is this follower's own. A new policy begins at the
    head of the log, which is 0 in an empty one.
    """

    def __init__(
        self,
        policy: Policy,
        log: LogReader,
        followers: Followers,
        dispatch: Dispatch,
        registry: Registry,
        begin_at: int | None = None,
    ) -> None:
        self.policy = policy
        self.answers: Counter[str] = Counter()
        self.error: str | None = None
        self._log = log
        self._followers = followers
        self._dispatch = dispatch
        self._registry = registry
        self._begin_at = begin_at
        self._state: FollowerState | None = None
        self._stopping = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"policy {policy.name}")

    @property
    def position(self) -> int | None:
        """How far the policy is; None until it has begun."""
        return self._state.position if self._state else None

    async def run(self) -> None:
        """Follow the log until it is stopped."""
        backoff = BACKOFF_SECONDS_MIN
        while not self._stopping.is_set():
            try:
                if await self.step():
                    await self._pause(LINGER_SECONDS)
                else:
                    await self._apart(self._log.wait, self.position or 0, WAIT_SECONDS_MAX)
                backoff = BACKOFF_SECONDS_MIN
            except (LogUnavailable, StoreUnavailable) as error:
                _log.warning("policy %s waits: %s", self.policy.name, error)
                await self._pause(UNAVAILABLE_SECONDS)
            except Exception as error:
                await self._stall(error)
                await self._pause(backoff)
                backoff = min(2 * backoff, BACKOFF_SECONDS_MAX)

        self._thread.shutdown(wait=False)

    def stop(self) -> None:
        """Let ``run`` return after the page under way; the log is then free to be closed.

        It takes no longer than that page and ``WAIT_SECONDS_MAX``.
        """
        self._stopping.set()

    async def step(self) -> bool:
        """Act on one page. Returns whether there was one.

        Raises what the log, the store or a command raised; the position has not moved then.
        """
        state = await self._apart(self._find)
        rows = await self._apart(self._log.page, state.position, PAGE_FACTS_MAX)
        if not rows:
            return False
        causes: list[Envelope] = []
        for fact in decode(rows, self._registry, self.policy.facts):
            if not isinstance(fact, Broken):
                causes.append(fact)
            elif fact.type in self.policy.facts:
                raise Stuck(f"the fact at position {fact.position} cannot be read: {fact.error}")
        for first in range(0, len(causes), IN_FLIGHT_MAX):
            await self._act(causes[first : first + IN_FLIGHT_MAX])
        through = rows[-1].position
        name, epoch = self.policy.name, state.epoch
        moved = await self._apart(self._followers.move, name, state.position, through, epoch)
        if not moved:  # another process runs this policy too; its keys decided once
            self._state = None
            return True
        self._state = FollowerState(through, state.began_at, state.epoch)
        self.error = None
        return True

    async def _act(self, causes: Sequence[Envelope]) -> None:
        done = await asyncio.gather(*(self._answer(cause) for cause in causes))
        for statuses in done:
            self.answers.update(statuses)

    async def _answer(self, cause: Envelope) -> list[str]:
        principal = principal_of(self.policy, cause)
        because, at = Cause(cause.id, cause.correlation_id), cause.occurred_at
        orders = await self.policy.orders(cause)
        statuses: list[str] = []
        for after_all in (False, True):
            now = [order for order in orders if order.after_all is after_all]
            for first in range(0, len(now), IN_FLIGHT_MAX):
                some = now[first : first + IN_FLIGHT_MAX]
                sent = (self._dispatch(one, principal, because, at) for one in some)
                statuses += [answer.status for answer in await asyncio.gather(*sent)]
        return statuses

    def _find(self) -> FollowerState:
        """Return where the policy is. In another epoch it begins again where it once began: what
        it decided before has its keys, and what the log lost is decided anew."""
        epoch = self._log.epoch()
        if self._state is None:
            begin = self._log.head()[0] if self._begin_at is None else self._begin_at
            self._state = self._followers.begin(self.policy.name, begin, epoch)
        state = self._state
        if state.epoch != epoch:
            begin = min(state.began_at, self._log.head()[0])
            self._followers.move(self.policy.name, state.position, begin, epoch)
            self._state = state = FollowerState(begin, state.began_at, epoch)
        return state

    async def _apart(self, call: Callable[..., T], *given: object) -> T:
        """Do what blocks in this follower's own thread: it waits for the log most of the time, and
        those of the event loop are few."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *given)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _stall(self, error: Exception) -> None:
        said = f"{type(error).__name__}: {error}"
        if said == self.error:
            return
        self.error = said
        _log.exception("policy %s is stuck", self.policy.name, exc_info=error)
        try:
            await self._apart(self._followers.fault, self.policy.name, said)
        except StoreUnavailable:
            self.error = None  # noted another time
