"""What happens to commands with personal fields when a learner is erased, or keys are away?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from commands.held_keys import KEY_SECONDS_MAX, UNAVAILABLE_SECONDS, HeldKeys
from commands.ports import KeysUnavailable, SubjectKey
from commands.requests import Recorded
from domain.privacy.rules import SubjectErased
from infra.keys.memory import MemoryKeys
from tests.pipeline.conftest import Process, schedule

REGION = {"demographics": {"region": "Wales"}}


def enrolment(subject: str, **more: Any) -> dict[str, Any]:
    return {"run": "AAA-2013J", "subject": subject, "mode": "honor", **more}


def test_nothing_personal_is_recorded_of_an_erased_learner(
    process: Process, keys: MemoryKeys
) -> None:
    """What is not personal is; and no new key is made."""

    async def test() -> None:
        await schedule(process)
        keys.destroy("main", "s1")
        for _ in range(2):
            with pytest.raises(SubjectErased) as refused:
                await process.do("enrol-learner", **enrolment("s1", **REGION))
            assert refused.value.values == {"subject": "s1"}
        await process.do("enrol-learner", **enrolment("s1"))
        assert await keys.existing("main", ["s1"]) == {}

    asyncio.run(test())


def test_without_keys_only_what_is_personal_waits(process: Process, keys: MemoryKeys) -> None:
    """Also in one batch; afterwards the same command goes through."""

    async def test() -> None:
        await schedule(process)
        keys.away = True
        answers = await process.pipeline.execute_many(
            [
                process.request("enrol-learner", **enrolment("s1", **REGION)),
                process.request("enrol-learner", **enrolment("s2")),
                process.request("enrol-learner", **enrolment("s3", **REGION)),
            ]
        )
        assert [type(answer) for answer in answers] == [KeysUnavailable, Recorded, KeysUnavailable]
        with pytest.raises(KeysUnavailable):
            await process.do("enrol-learner", **enrolment("s4", **REGION))
        keys.away = False
        assert isinstance(await process.do("enrol-learner", **enrolment("s5", **REGION)), Recorded)

    asyncio.run(test())


def test_a_key_is_held_no_longer_than_is_said() -> None:
    """A destroyed one is refused after that; one that was away is asked for again sooner."""
    now = 0.0
    keys = MemoryKeys()
    asked: list[Sequence[str]] = []

    async def fetch(tenant: str, subjects: Sequence[str]) -> Mapping[str, SubjectKey]:
        asked.append(subjects)
        return await keys.for_subjects(tenant, subjects)

    held = HeldKeys(fetch, lambda: now, limit=2)

    async def test() -> None:
        nonlocal now
        assert held.get("main", "s1") is None
        assert held.why_none("main", "s1") is None
        await held.fetch("main", ["s1"])
        keys.destroy("main", "s1")
        now = KEY_SECONDS_MAX - 0.01
        assert held.get("main", "s1") is not None
        now = KEY_SECONDS_MAX
        assert held.get("main", "s1") is None
        await held.fetch("main", ["s1"])
        assert held.get("main", "s1") is None
        assert isinstance(held.why_none("main", "s1"), SubjectErased)
        keys.away = True
        await held.fetch("main", ["s2"])
        assert isinstance(held.why_none("main", "s2"), KeysUnavailable)
        now += UNAVAILABLE_SECONDS
        assert held.why_none("main", "s2") is None
        keys.away = False
        await held.fetch("main", ["s2", "s3"])
        assert held.why_none("main", "s1") is None, "the oldest is dropped"

    asyncio.run(test())
    assert asked == [["s1"], ["s1"], ["s2"], ["s2", "s3"]]
