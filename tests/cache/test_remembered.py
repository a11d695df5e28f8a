"""Is a repeated command answered from what is kept exactly as the pipeline answers it?"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from commands.batch import encode_answer, encode_results
from commands.pipeline import Pipeline
from commands.register import DECISIONS
from commands.remembered import Answers, Remembering
from commands.requests import Answer, KeyReused, Recorded, Request, Unchanged
from domain.access import DEVELOPMENT
from domain.kernel import Envelope, Refusal
from domain.streams import REGISTRY
from infra.cache.memory import MemoryAnswers
from infra.keys.memory import MemoryKeys
from infra.log.memory import MemoryLog
from tests.cache.conftest import Open, eventually, run

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


class Counting:
    """A pipeline that counts what it is asked."""

    def __init__(self) -> None:
        log = MemoryLog(REGISTRY, lambda: NOW)
        self.log = log
        self.pipeline = Pipeline(log, MemoryKeys(), REGISTRY, lambda: NOW)
        self.asked = 0

    async def execute(self, request: Request) -> Answer:
        self.asked += 1
        return await self.pipeline.execute(request)

    async def execute_many(self, requests: list[Request]) -> list[Answer | Exception]:
        self.asked += len(requests)
        return await self.pipeline.execute_many(requests)


def course(
    name: str, key: str | None, digest: bytes = b"d", cause: Envelope | None = None
) -> Request:
    decision = DECISIONS["create-course"]
    command = decision.model(course=name, title=name)
    return Request(decision, command, DEVELOPMENT, key, digest, None, cause)


async def kept(answers: Answers, request: Request) -> None:
    """Wait until the answer is kept."""
    key = request.full_key or ""

    async def there() -> bool:
        return key in await answers.find([key])

    await eventually(there, 5)


def test_a_repeated_command_needs_no_pipeline(place: Open) -> None:
    """The bytes are those of the pipeline's own replay; another process may have had the first."""

    async def test() -> None:
        async with place() as adapters:
            counting = Counting()
            first = await Remembering(counting, adapters.answers).execute(course("A", "k1"))
            await kept(adapters.answers, course("A", "k1"))
            asked = counting.asked
            again = await Remembering(counting, adapters.answers).execute(course("A", "k1"))
            assert counting.asked == asked
            assert isinstance(again, Recorded)
            assert again.replayed
            assert encode_answer(again) == encode_answer(first)
            direct = await counting.pipeline.execute(course("A", "k1"))
            assert direct == again

    run(test())


def test_a_key_with_another_body_is_refused_as_the_pipeline_does(place: Open) -> None:
    async def test() -> None:
        async with place() as adapters:
            remembering = Remembering(Counting(), adapters.answers)
            await remembering.execute(course("A", "k1", b"d"))
            await kept(adapters.answers, course("A", "k1"))
            with pytest.raises(KeyReused):
                await remembering.execute(course("A", "k1", b"other"))

    run(test())


def test_only_what_is_recorded_is_kept() -> None:
    """A refusal may be tried again, and what is so already may be otherwise later."""

    async def test() -> None:
        answers, counting = MemoryAnswers(), Counting()
        remembering = Remembering(counting, answers)
        decision = DECISIONS["archive-run"]
        refused = Request(decision, decision.model(run="R1"), DEVELOPMENT, "k1", b"d")
        with pytest.raises(Refusal):
            await remembering.execute(refused)
        await remembering.execute(course("A", "k2"))
        assert isinstance(await remembering.execute(course("A", "k3")), Unchanged)
        keys = [one.full_key or "" for one in (refused, course("A", "k2"), course("A", "k3"))]
        assert list(await answers.find(keys)) == keys[1:2]

    asyncio.run(test())


def test_commands_without_a_key_are_always_transacted() -> None:
    async def test() -> None:
        counting = Counting()
        remembering = Remembering(counting, MemoryAnswers())
        await remembering.execute(course("A", None))
        await remembering.execute(course("A", None))
        assert counting.asked == 2

    asyncio.run(test())


def test_a_derived_key_is_not_held_to_its_body() -> None:
    """A changed policy must not jam on its own past; nor does it tell others what the body was."""

    async def test() -> None:
        counting, answers = Counting(), MemoryAnswers()
        remembering = Remembering(counting, answers)
        first = await remembering.execute(course("A", "k1", b"first"))
        cause = (await counting.log.read_from(1, 1))[0]
        again = await remembering.execute(course("A", "k1", b"changed", cause))
        assert again == first._replace(replayed=True)  # type: ignore[union-attr]
        derived = course("B", "k2", b"x", cause)
        await remembering.execute(derived)
        assert await answers.find([derived.full_key or ""]) == {}

    asyncio.run(test())


def test_a_batch_is_answered_in_order_from_both(place: Open) -> None:
    """What is kept, what is not, and a key with another body."""

    async def test() -> None:
        async with place() as adapters:
            counting = Counting()
            remembering = Remembering(counting, adapters.answers)
            await remembering.execute(course("A", "k1"))
            await kept(adapters.answers, course("A", "k1"))
            asked = counting.asked
            batch = [
                course("B", "k2"),
                course("A", "k1"),
                course("C", None),
                course("A", "k1", b"other"),
            ]
            answers = await remembering.execute_many(batch)
            assert counting.asked == asked + 2
            direct = await counting.pipeline.execute_many(batch[:2])
            assert [type(one) for one in answers] == [Recorded, Recorded, Recorded, KeyReused]
            assert encode_results(answers[1:2]) == encode_results(direct[1:2])
            assert [one.replayed for one in answers[:3]] == [False, True, False]  # type: ignore[union-attr]

    run(test())
