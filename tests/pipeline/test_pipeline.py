"""What the pipeline promises, whatever the commands are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from commands.ports import Append, LogUnavailable
from commands.requests import (
    CLIENT_KEY_DAYS,
    Cause,
    KeyBusy,
    KeyReused,
    Recorded,
    StaleVersion,
    Unchanged,
)
from domain.access import DEVELOPMENT
from domain.enrolment.rules import RunFull
from domain.kernel import Refusal
from domain.streams import REGISTRY
from infra.log.memory import MemoryLog
from tests.pipeline.conftest import NOW, Process, schedule


def enrol(process: Process, learner: int, **more: Any):
    return process.request(
        "enrol-learner", run="AAA-2013J", subject=f"s{learner}", mode="honor", **more
    )


def test_a_command_answers_with_its_position_and_facts(process: Process) -> None:
    """Positions are dense, and the ETag is the version of the primary stream."""

    async def scenario() -> None:
        await schedule(process)
        before = await process.log.head()
        answer = await process.pipeline.execute(enrol(process, 1))
        assert isinstance(answer, Recorded)
        assert answer.position == before + 1 == await process.log.head()
        assert [fact.type for fact in answer.facts] == ["LearnerEnrolled"]
        assert answer.facts[0].stream == "main/enrolment/AAA-2013J/s1"
        assert answer.version == 1

    asyncio.run(scenario())


def test_what_is_so_already_is_unchanged(process: Process) -> None:
    """The same command again records nothing, and says so."""

    async def scenario() -> None:
        await schedule(process)
        first = await process.pipeline.execute(enrol(process, 1))
        again = await process.pipeline.execute(enrol(process, 1))
        assert again == Unchanged(first.position, 1)

    asyncio.run(scenario())


def test_a_hot_stream_is_decided_in_order_and_never_over_capacity(process: Process) -> None:
    """Of 200 learners at once for 50 seats the first 50 are in; 150 are told that it is full."""

    async def scenario() -> None:
        await schedule(process, capacity=50)
        answers = await asyncio.gather(
            *(process.pipeline.execute(enrol(process, n)) for n in range(200)),
            return_exceptions=True,
        )
        assert all(isinstance(answer, Recorded) for answer in answers[:50])
        assert all(isinstance(answer, RunFull) for answer in answers[50:])

    asyncio.run(scenario())


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_racing_for_seats_never_sell_one_twice(
    process: Process, process_on: Callable[[Any], Process], processes: int
) -> None:
    """Everybody is answered, and exactly the seats that there are are taken."""

    async def scenario() -> None:
        await schedule(process, capacity=40)
        others = [process_on(process.log) for _ in range(processes)]
        answers = await asyncio.gather(
            *(
                other.pipeline.execute(enrol(other, 1000 * i + n))
                for n in range(50)
                for i, other in enumerate(others)
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(answer, Recorded) for answer in answers) == 40
        assert sum(isinstance(answer, RunFull) for answer in answers) == 50 * processes - 40
        seats = await process.log.read_streams({"main/run-seats/AAA-2013J": 0})
        taken = [e for e in seats["main/run-seats/AAA-2013J"] if e.type == "SeatTaken"]
        assert len(taken) == 40

    asyncio.run(scenario())


def test_a_key_gives_the_first_answer_again(process: Process) -> None:
    """The same key and body answer as the first time, and nothing is recorded twice."""

    async def scenario() -> None:
        await schedule(process)
        first = await process.pipeline.execute(enrol(process, 1)._replace(key="k1"))
        head = await process.log.head()
        again = await process.pipeline.execute(enrol(process, 1)._replace(key="k1"))
        assert again == first._replace(replayed=True)
        assert await process.log.head() == head

    asyncio.run(scenario())


def test_a_key_outlives_what_came_after(process: Process) -> None:
    """The key answers as the first time even where the command would now be refused."""

    async def scenario() -> None:
        await schedule(process)
        enrolled = {"run": "AAA-2013J", "subject": "s1", "mode": "honor"}
        first = await process.do("enrol-learner", key="k1", **enrolled)
        await process.do("withdraw-learner", run="AAA-2013J", subject="s1")
        await process.do("archive-run", run="AAA-2013J")
        again = await process.do("enrol-learner", key="k1", **enrolled)
        assert again == first._replace(replayed=True)

    asyncio.run(scenario())


def test_a_key_with_another_body_is_refused(process: Process) -> None:
    """A reused key is an error of the client, and nothing is recorded."""

    async def scenario() -> None:
        await schedule(process)
        await process.do("enrol-learner", key="k1", run="AAA-2013J", subject="s1", mode="honor")
        head = await process.log.head()
        with pytest.raises(KeyReused):
            await process.do("enrol-learner", key="k1", run="AAA-2013J", subject="s2", mode="honor")
        assert await process.log.head() == head

    asyncio.run(scenario())


def test_a_key_belongs_to_tenant_client_and_command(process: Process) -> None:
    """Whoever else uses the same one, or for another command, is not answered for somebody else."""

    async def scenario() -> None:
        await schedule(process)
        everybody = (
            DEVELOPMENT,
            replace(DEVELOPMENT, client="another"),
            replace(DEVELOPMENT, tenant="elsewhere"),
        )
        for number, who in enumerate(everybody):
            request = process.request("create-course", "k", course=f"C{number}", title="Course")
            answer = await process.pipeline.execute(request._replace(principal=who))
            assert isinstance(answer, Recorded)
            assert not answer.replayed
        answer = await process.pipeline.execute(enrol(process, 1)._replace(key="k"))
        assert isinstance(answer, Recorded)

    asyncio.run(scenario())


@pytest.mark.parametrize("cause", [None, Cause("fact", "fact")])
def test_a_clients_key_ends_and_one_derived_from_a_fact_never_does(
    process_on: Callable[[Any], Process], cause: Cause | None
) -> None:
    """A follower may come to an old fact again, whenever; what it decided on it stands."""
    now = [NOW]
    process = process_on(MemoryLog(REGISTRY, lambda: now[0]))

    async def scenario() -> None:
        await schedule(process)
        request = enrol(process, 1)._replace(key="k", cause=cause)
        first = await process.pipeline.execute(request)
        await process.do("withdraw-learner", run="AAA-2013J", subject="s1")
        now[0] += timedelta(days=CLIENT_KEY_DAYS)
        again = await process.pipeline.execute(request)
        assert isinstance(again, Recorded)
        assert again.replayed == (cause is not None)
        assert (again.position == first.position) == (cause is not None)

    asyncio.run(scenario())


def test_a_refused_command_may_be_tried_again_with_its_key(process: Process) -> None:
    """A refusal stores nothing: not a fact, and not the key."""

    async def scenario() -> None:
        await schedule(process, capacity=0)
        body = {"run": "AAA-2013J", "subject": "s1", "mode": "honor"}
        with pytest.raises(RunFull):
            await process.do("enrol-learner", key="k1", **body)
        await process.do("limit-seats", run="AAA-2013J", capacity=1)
        answer = await process.do("enrol-learner", key="k1", **body)
        assert isinstance(answer, Recorded)
        assert not answer.replayed

    asyncio.run(scenario())


def test_a_key_that_is_running_is_busy(process: Process) -> None:
    """Two requests with one key at once: one is decided, the other is told to wait."""

    async def scenario() -> None:
        await schedule(process)
        body = {"run": "AAA-2013J", "subject": "s1", "mode": "honor"}
        answers = await asyncio.gather(
            process.do("enrol-learner", key="k", **body),
            process.do("enrol-learner", key="k", **body),
            return_exceptions=True,
        )
        assert isinstance(answers[0], Recorded)
        assert isinstance(answers[1], KeyBusy)

    asyncio.run(scenario())


def test_two_processes_with_one_key_give_one_answer(
    process: Process, process_on: Callable[[Any], Process]
) -> None:
    """The loser returns the winner's answer."""

    async def scenario() -> None:
        await schedule(process)
        body = {"run": "AAA-2013J", "subject": "s1", "mode": "honor"}
        other = process_on(process.log)
        one, two = await asyncio.gather(
            process.do("enrol-learner", key="k", **body), other.do("enrol-learner", key="k", **body)
        )
        assert {one.replayed, two.replayed} == {True, False}
        assert one.facts == two.facts

    asyncio.run(scenario())


def test_a_stale_if_match_is_told(process: Process) -> None:
    """A command for another version of the record is not decided."""

    async def scenario() -> None:
        await schedule(process)
        await process.pipeline.execute(enrol(process, 1))
        body = {"run": "AAA-2013J", "subject": "s1"}
        with pytest.raises(StaleVersion) as stale:
            await process.do("withdraw-learner", if_match=7, **body)
        assert (stale.value.expected, stale.value.actual) == (7, 1)
        assert isinstance(await process.do("withdraw-learner", if_match=1, **body), Recorded)

    asyncio.run(scenario())


def test_a_refusal_is_confirmed_against_what_others_wrote(
    process: Process, process_on: Callable[[Any], Process]
) -> None:
    """A cached state that another process has moved on refuses nobody."""

    async def scenario() -> None:
        await schedule(process, capacity=1)
        await process.pipeline.execute(enrol(process, 1))
        with pytest.raises(RunFull):
            await process.pipeline.execute(enrol(process, 2))
        await process_on(process.log).do("withdraw-learner", run="AAA-2013J", subject="s1")
        assert isinstance(await process.pipeline.execute(enrol(process, 2)), Recorded)

    asyncio.run(scenario())


def test_a_batch_takes_one_streams_commands_in_order(process: Process) -> None:
    """A learner may enrol, hand in, be graded and withdraw within one batch."""

    async def scenario() -> None:
        await schedule(process)
        item = {"item": "1752", "kind": "assignment", "title": "TMA 1"}
        await process.do("publish-content", run="AAA-2013J", items=[item])
        who = {"run": "AAA-2013J", "subject": "s1"}
        answers = await process.pipeline.execute_many(
            [
                process.request("enrol-learner", mode="honor", **who),
                process.request("submit-work", item="1752", attempt="a", **who),
                process.request(
                    "grade-submission", item="1752", attempt="a", raw="78", grader="t1", **who
                ),
                process.request("withdraw-learner", **who),
                process.request("submit-work", item="1752", attempt="b", **who),
            ]
        )
        assert all(isinstance(answer, Recorded) for answer in answers[:4])
        assert isinstance(answers[4], Refusal)
        assert answers[4].rule == "not-enrolled"

    asyncio.run(scenario())


def test_personal_fields_are_sealed_before_they_are_stored(process: Process) -> None:
    """Neither the stored bytes nor the cached state holds what the learner told."""

    async def scenario() -> None:
        await schedule(process)
        await process.pipeline.execute(
            enrol(process, 1, demographics={"region": "East Anglian Region"})
        )
        rows = process.log.reader().page(0, 100)
        assert rows
        assert not any(b"Anglian" in row.body for row in rows)
        (enrolled,) = [row for row in rows if b"LearnerEnrolled" in row.body]
        assert b'"sealed"' in enrolled.body

    asyncio.run(scenario())


class Flaky:
    """A log whose next append never learns its outcome."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self.broken = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def submit(self, request: Append, after: Any = ()) -> Any:
        if self.broken:
            future = asyncio.get_running_loop().create_future()
            future.set_exception(LogUnavailable("gone"))
            return future
        return self._log.submit(request, after)


def test_an_unreachable_log_is_told_and_forgotten_after_recovery(
    process: Process, process_on: Callable[[Any], Process]
) -> None:
    """What was not recorded leaves nothing in the cached state."""

    async def scenario() -> None:
        log = Flaky(process.log)
        flaky = process_on(log)
        await schedule(flaky, capacity=1)
        log.broken = True
        with pytest.raises(LogUnavailable):
            await flaky.pipeline.execute(enrol(flaky, 1))
        log.broken = False
        assert isinstance(await flaky.pipeline.execute(enrol(flaky, 2)), Recorded)

    asyncio.run(scenario())
