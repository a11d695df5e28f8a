"""How far are the readings, as a whole and for one learner?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from domain.streams import KINDS
from infra.log.notices import READINGS as CHANNEL
from infra.log.notices import Notices
from infra.stores.reading import Pool, look
from projections.partitions import SHARED, partition_of
from projections.register import READINGS

POLL_SECONDS = 0.25
"""How often a waiting query looks by itself, should a notice be lost."""

STANDING = """
  select name, partition, position from readings.state where live and name = any(%(names)s)"""
"""What ``least`` is worked out from; ``readings.standing`` tells the same, and times."""

_SHARED_FACTS = frozenset(
    fact.__name__ for kind in KINDS if kind.name in SHARED for fact in kind.facts
)

Standing = Mapping[str, Mapping[int, int]]
"""By reading and partition, the position that is read."""


def standing(rows: Sequence[Mapping[str, Any]]) -> Standing:
    """Return the rows of STANDING by reading and partition."""
    found: dict[str, dict[int, int]] = {}
    for row in rows:
        found.setdefault(row["name"], {})[row["partition"]] = row["position"]
    return found


def least(positions: Standing, readings: Sequence[str], subject: str | None = None) -> int:
    """Return up to where all facts are read that these readings tell of a subject (None: of
    anybody); 0 where one of them is not known."""
    return min((_least(name, positions.get(name, {}), subject) for name in readings), default=0)


def _least(name: str, partitions: Mapping[int, int], subject: str | None) -> int:
    if subject is None or len(partitions) < 2:
        return min(partitions.values(), default=0)
    has_own, has_shared = _tells(name)
    wanted = ([partition_of(subject, len(partitions))] if has_own else []) + [0] * has_shared
    return min((partitions.get(number, 0) for number in wanted), default=0)


@cache
def _tells(name: str) -> tuple[bool, bool]:
    """Whether a reading has documents of learners, kept where those are, and documents of courses
    and runs, kept by the first partition (see ``projections.partitions``)."""
    documents = next(one.documents for one in READINGS if one.name == name)
    own = any("subject" in kind.key or kind.facts - _SHARED_FACTS for kind in documents)
    shared = any("subject" not in kind.key and kind.facts & _SHARED_FACTS for kind in documents)
    return own, shared


class PostgresPositions:
    """Implements ``read_api.ports.views.Positions``: told by notices, and looking now and then."""

    def __init__(self, pool: Pool, notices: Notices) -> None:
        self._pool = pool
        self._notices = notices

    async def told(
        self, readings: Sequence[str], position: int, subject: str | None = None
    ) -> None:
        """Return as soon as it is said that they are there, or nothing is said for a while."""
        if self._notices.of_late:
            until = asyncio.get_running_loop().time() + POLL_SECONDS
            await self._listen(readings, position, subject, until)

    async def wait(
        self, readings: Sequence[str], position: int, seconds: float, subject: str | None = None
    ) -> int:
        """Return the least position, as soon as it is far enough or the time is over."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        while True:
            reached = await self._look(readings, subject)
            now = clock()
            if reached >= position or now >= deadline:
                return reached
            await self._listen(readings, position, subject, min(deadline, now + POLL_SECONDS))

    async def _listen(
        self, readings: Sequence[str], position: int, subject: str | None, until: float
    ) -> None:
        clock = asyncio.get_running_loop().time
        while (now := clock()) < until:
            notice = self._notices.next(CHANNEL)
            if self._told(readings, subject) >= position:
                return
            await self._notices.wait(notice, until - now)

    def _told(self, readings: Sequence[str], subject: str | None) -> int:
        return least({name: self._notices.reached(name) for name in readings}, readings, subject)

    async def _look(self, readings: Sequence[str], subject: str | None) -> int:
        told = {name: dict(self._notices.reached(name)) for name in readings}
        found = standing(await look(self._pool, STANDING, names=list(readings)))
        for name in readings:
            if self._notices.reached(name) == told[name]:  # otherwise it is later than this look
                self._notices.saw(name, found.get(name, {}))
        return least(found, readings, subject)
