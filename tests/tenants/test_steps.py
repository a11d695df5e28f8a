"""Does the erasure of a tenant go on from any step that it was cut off at, each recorded once?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from commands.batch import CommandReader
from commands.pipeline import Pipeline
from commands.register import DECISIONS
from domain.access import DEVELOPMENT
from domain.streams import REGISTRY
from infra.keys.memory import MemoryKeys
from infra.log.memory import MemoryLog
from infra.stores.followers import MemoryFollowers
from streams.policies.dispatch import PipelineDispatch
from streams.policies.erase_tenants import EraseTenants
from streams.policies.follower import Follower
from streams.policies.leaving import Progress

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
PAGES_MAX = 20
LEARNERS = ("s1", "s2", "s3")


class Killed(BaseException):
    """The process ends here."""


class Dying:
    """Implements ``Leaves`` over a log in memory, where a learner who was asked for is erased at
    once; the process dies the first time that a call is done, before that is recorded."""

    def __init__(self, log: MemoryLog, after: str) -> None:
        self._log = log
        self._after = after
        self.killed = False
        self.entered = 0

    async def enter(self, tenant: str, _request: str, _ground: str) -> None:
        assert tenant == "north"
        self.entered += 1
        self._die("enter")

    async def held(self, tenant: str) -> Mapping[str, Sequence[str]]:
        assert tenant == "north"
        self._die("held")
        return {}

    async def unasked(self, _tenant: str) -> Sequence[str]:
        asked = await self._asked()
        if asked:
            self._die("unasked")
        return [one for one in LEARNERS if one not in asked][:2]

    async def progress(self, _tenant: str) -> Progress:
        self._die("progress")
        return Progress(len(await self._asked()), 0)

    async def forget(self, _tenant: str) -> Mapping[str, int]:
        self._die("forget")
        return {"place": 1}

    async def _asked(self) -> set[str | None]:
        facts = await self._log.read_from(1, 100)
        return {one.subject for one in facts if one.type == "ErasureRequested"}

    def _die(self, call: str) -> None:
        if call == self._after and not self.killed:
            self.killed = True
            raise Killed


@pytest.mark.parametrize("after", ["held", "enter", "unasked", "progress", "forget"])
def test_a_step_that_was_cut_off_is_done_again_and_recorded_once(after: str) -> None:
    """By the next process, which knows no more than what is kept; each learner once."""

    async def test() -> None:
        log, followers = MemoryLog(REGISTRY, lambda: NOW), MemoryFollowers()
        leaves = Dying(log, after)
        reader = CommandReader(DECISIONS, b"secret" * 6, lambda: datetime.now(UTC))
        body = b'{"tenant":"north","ground":"no-longer-necessary"}'
        pipeline = Pipeline(log, MemoryKeys(), REGISTRY, lambda: NOW)
        await pipeline.execute(reader.read("erase-tenant", body, DEVELOPMENT))

        def process() -> Follower:
            pipeline = Pipeline(log, MemoryKeys(), REGISTRY, lambda: NOW)
            policy = EraseTenants(leaves, PipelineDispatch(pipeline, reader))
            reading = PipelineDispatch(pipeline, reader)
            return Follower(policy, log.reader(), followers, reading, REGISTRY, begin_at=0)

        one = process()
        for _ in range(PAGES_MAX):
            try:
                if not await one.step():
                    break
            except Killed:
                one = process()
        assert leaves.killed
        assert leaves.entered, "in the ledger"
        recorded = list(await log.read_from(1, 100))
        assert [fact.type for fact in recorded if fact.tenant == "main"] == [
            "TenantErasureRequested",
            "TenantErasureBegun",
            "TenantLearnersErased",
            "TenantErased",
        ]
        asked = [fact.subject for fact in recorded if fact.type == "ErasureRequested"]
        assert sorted(asked, key=str) == list(LEARNERS)
        assert {fact.tenant for fact in recorded if fact.subject} == {"north"}

    asyncio.run(test())
