"""Does an erasure go on from any step that it was cut off at, each recorded once?"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from commands.batch import CommandReader
from commands.pipeline import Pipeline
from commands.register import DECISIONS
from domain.access import DEVELOPMENT
from domain.privacy.state import STEPS
from domain.streams import REGISTRY
from infra.keys.memory import MemoryKeys
from infra.log.memory import MemoryLog
from infra.stores.followers import MemoryFollowers
from streams.policies.dispatch import PipelineDispatch
from streams.policies.erase_learners import EraseLearners
from streams.policies.follower import Follower
from streams.policies.forgetting import Forgotten

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
CALLS = (
    "destroy_key",
    "drop_caches",
    "delete_rows",
    "purge_index",
    "tell_outside",
    "end_epoch",
)
PAGES_MAX = 20


class Killed(BaseException):
    """The process ends here."""


class Dying:
    """Implements ``Forgets``: counts what is done, and has the process die after one step is done
    and before it is recorded."""

    def __init__(self, after: str) -> None:
        self.done: Counter[str] = Counter()
        self._after = after

    def __getattr__(self, call: str) -> Any:
        async def do(*_: object) -> Forgotten:
            self.done[call] += 1
            if call == self._after and self.done[call] == 1:
                raise Killed
            return Forgotten({"place": 1}, 1, NOW)

        return do


@pytest.mark.parametrize("after", CALLS)
def test_a_step_that_was_cut_off_is_done_again_and_recorded_once(after: str) -> None:
    """By the next process, which knows no more than what is kept."""

    async def test() -> None:
        log = MemoryLog(REGISTRY, lambda: NOW)
        followers, forgets = MemoryFollowers(), Dying(after)
        pipeline = Pipeline(log, MemoryKeys(), REGISTRY, lambda: NOW)
        reader = CommandReader(DECISIONS, b"secret" * 6, lambda: NOW)
        body = b'{"subject":"s1","ground":"objection"}'
        await pipeline.execute(reader.read("erase-learner", body, DEVELOPMENT))

        def process() -> Follower:
            dispatch = PipelineDispatch(
                Pipeline(log, MemoryKeys(), REGISTRY, lambda: NOW),
                CommandReader(DECISIONS, b"secret" * 6, lambda: datetime.now(UTC)),
            )
            policy = EraseLearners(forgets)
            return Follower(policy, log.reader(), followers, dispatch, REGISTRY, begin_at=0)

        one, kills = process(), 0
        for _ in range(PAGES_MAX):
            try:
                if not await one.step():
                    break
            except Killed:
                one, kills = process(), kills + 1
        assert kills == 1
        assert forgets.done == Counter({**dict.fromkeys(CALLS, 1), after: 2})
        recorded = [fact.type for fact in await log.read_from(1, 100)]
        steps = [cls.__name__ for cls in STEPS]
        assert recorded == ["ErasureRequested", "ErasureBegun", *steps, "SubjectErased"]

    asyncio.run(test())
