"""How does one of several processes follow the log with policies, while the others stand by?"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from contextlib import suppress

from infra.compose.cluster import Following, followers
from infra.compose.stores import address, all_readings
from infra.migrations import require
from infra.process import LOST, Stop, run, say
from infra.settings.fields import Settings
from infra.stores.postgres import PostgresStore
from infra.web.probe import probe
from projections.ports import StoreUnavailable

STANDBY_SECONDS = 0.5
"""So soon a standby notices that nobody leads."""
LOOK_SECONDS = 0.2
HEAD_SECONDS = 1.0
"""How often the leader asks where the log ends, to tell how far its policies are behind."""

_log = logging.getLogger(__name__)


def follow(settings: Settings, probe_port: int) -> None:
    """Follow until Ctrl-C or SIGTERM. Ends the process with 70 when another one leads.

    Raises MigrationError, OSError where the probe's port is taken, or what PostgreSQL raises.
    """
    require(address(settings))
    about = _About()
    with probe(settings.host, probe_port, about.fault, about.doing):
        run(_follow(settings, about))


class _About:
    """What the probe is told."""

    def __init__(self) -> None:
        self.following: Following | None = None
        self._head = 0

    async def look(self, store: PostgresStore) -> None:
        """Find out where the log ends; while the database is away, what was found before counts."""
        with suppress(StoreUnavailable):
            found = await asyncio.to_thread(store.followers)
            self._head = max((one.head for one in found), default=0)

    def fault(self) -> str | None:
        """A standby is well; a policy that is stuck is told by ``/readyz``, where people look."""
        if self.following is not None and not self.following.keeper.alive:
            return "what keeps the readings has ended"
        return None

    def doing(self) -> str:
        """Whether it leads, and how far the slowest policy is behind."""
        if self.following is None:
            return "stands by"
        policies = self.following.policies
        stuck = [one.policy.name for one in policies if one.error]
        if stuck:
            return f"leads: stuck {', '.join(stuck)}"
        position = min(one.position or 0 for one in policies)
        lag = f"{max(0, self._head - position):,} behind at {position:,}"
        sealer = self.following.sealer
        sealed = "does not seal: no log_key is set" if sealer is None else f"sealed {sealer.size:,}"
        return f"leads: {lag}; {self.following.keeper.doing}; {sealed}"


async def _follow(settings: Settings, about: _About) -> None:
    stop, ended = Stop(), asyncio.Event()
    stop.end = ended.set
    with all_readings(settings) as store:
        if not await _lead(store, ended):
            return
        async with followers(settings, store) as following:
            about.following = following
            say("registrar: leads the followers")
            look_at = time.monotonic()
            while not await _within(ended, LOOK_SECONDS):
                if not following.keeper.alive:
                    _log.error("no longer leads the followers")
                    os._exit(LOST)  # whatever is under way here is another's by now
                if time.monotonic() > look_at:
                    await about.look(store)
                    look_at = time.monotonic() + HEAD_SECONDS


async def _lead(store: PostgresStore, ended: asyncio.Event) -> bool:
    """Wait until it falls to this process to lead. Returns False if it is to end before."""
    while not ended.is_set():
        with suppress(StoreUnavailable):
            if await asyncio.to_thread(store.lead):
                return True
        await _within(ended, STANDBY_SECONDS)
    return False


async def _within(ended: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(ended.wait(), seconds)
    return ended.is_set()
