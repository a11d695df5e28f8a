"""A log, and a lead, as relays see them, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from commands.ports import NewFact
from domain.registry import Body
from projections.decoding import StoredFact
from projections.ports import StoreUnavailable
from streams.relay.ports import Head, LeadLost, Page
from tests.relay.load import AT, Recorder

POLL_SECONDS = 0.005
BOUND_SECONDS = 20.0


class MemoryPages:
    """Implements ``streams.relay.ports.LogPages`` over a list that may be exchanged."""

    def __init__(self) -> None:
        self.rows: list[StoredFact] = []
        self.name = "first"
        self.away = False

    def record(self, *facts: NewFact) -> None:
        """Record facts."""
        for fact in facts:
            self.rows.append(
                StoredFact(
                    len(self.rows) + 1, AT, fact.version, fact.stream, fact.type, fact.tenant,
                    fact.subject, fact.body,
                )
            )  # fmt: skip

    def begin_anew(self, name: str, count: int) -> None:
        """Become another log, with facts at the same positions."""
        self.rows, self.name = [], name
        self.record(*Recorder().next(count))

    async def page(self, after: int, limit: int) -> Page:
        """Return facts with a higher position."""
        if self.away:
            raise StoreUnavailable("the log is away")
        await asyncio.sleep(0)
        return Page(self.name, len(self.rows), self.rows[after : after + limit])

    async def wait(self, beyond: int, seconds: float) -> bool:
        """Wait until there is more."""
        end = asyncio.get_running_loop().time() + seconds
        while len(self.rows) <= beyond:
            if asyncio.get_running_loop().time() >= end:
                return False
            await asyncio.sleep(POLL_SECONDS)
        return True


class MemoryLead:
    """Implements ``streams.relay.ports.Lead``: everybody leads until ``lost`` is set.

    With ``places`` of its own each, two of them play a leader that does not know that it is none.
    """

    def __init__(self, log: MemoryPages) -> None:
        self.places: dict[str, tuple[str, int]] = {}
        self.lost = False
        self._log = log

    async def take(self) -> bool:
        """Lead."""
        return True

    async def check(self) -> Head:
        """Return the end of the log."""
        self._hold()
        return Head(self._log.name, len(self._log.rows), AT if self._log.rows else None)

    async def begin(self, name: str, epoch: str) -> int:
        """Return the place of a publisher."""
        self._hold()
        known, position = self.places.get(name, (epoch, 0))
        self.places[name] = (epoch, position if known == epoch else 0)
        return self.places[name][1]

    async def move(self, name: str, epoch: str, position: int) -> None:
        """Keep a place."""
        self._hold()
        self.places[name] = (epoch, position)

    def _hold(self) -> None:
        if self.lost:
            raise LeadLost("somebody else leads")


@contextmanager
def changed(row: StoredFact, **fields: object) -> Iterator[StoredFact]:
    """Give a row whose body says something else."""
    body = msgspec.json.decode(row.body, type=Body)
    yield row._replace(body=msgspec.json.encode(msgspec.structs.replace(body, **fields)))


async def until(condition: object, what: str) -> None:
    """Wait until a condition holds; fail when it does not within the bound."""
    assert callable(condition)
    deadline = asyncio.get_running_loop().time() + BOUND_SECONDS
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, what
        await asyncio.sleep(POLL_SECONDS)
