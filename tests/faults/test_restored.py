"""Does what lives on while a backup is restored begin anew, instead of going on wrongly?"""

from __future__ import annotations

import asyncio
from typing import Any, cast
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.persistence import ApplicationRecorder, StoredEvent

from commands.requests import Recorded
from domain.enrolment.rules import NotEnrolled
from domain.streams import REGISTRY
from infra.evidence.epoch import renew
from infra.keys.memory import MemoryKeys
from infra.log.postgres import PostgresLog
from infra.log.recorder import LogFactory
from infra.log.recorder.subscription import NewEpoch
from tests.conformance.library import environment
from tests.log.facts import run
from tests.pipeline.conftest import Process, schedule

ENROL = {"run": "R", "mode": "honor"}


def restore(dsn: str, position: int) -> None:
    """Bring the log back to a position, as a backup of that moment would, and begin a new epoch."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("alter table log.facts disable trigger facts_append_only")
        connection.execute("delete from log.facts where position > %s", (position,))
        connection.execute("alter table log.facts enable trigger facts_append_only")
        renew(dsn)
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where pid <> pg_backend_pid() and datname = current_database()"
        )


async def versions(log: PostgresLog) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for envelope in await log.read_from(1, 100):
        found.setdefault(envelope.stream, []).append(envelope.version)
    return found


def test_commands_are_decided_on_what_the_log_holds_now(dsn: str) -> None:
    """What a process remembers of streams is forgotten with the sessions that it was read by: what
    the backup lost is neither taken for done nor built upon."""

    async def test() -> None:
        async with PostgresLog(dsn, REGISTRY) as log:
            process = Process(log, MemoryKeys())
            await schedule(process, "R")
            await process.do("enrol-learner", subject="s1", **ENROL)
            kept = await log.head()
            await process.do("withdraw-learner", run="R", subject="s1")
            await process.do("enrol-learner", subject="s2", **ENROL)
            restore(dsn, kept)
            with pytest.raises(NotEnrolled):
                await process.do("withdraw-learner", run="R", subject="s2")
            again = await process.do("withdraw-learner", run="R", subject="s1")
            assert isinstance(again, Recorded)
            assert again.position == kept + 1
            assert isinstance(await process.do("enrol-learner", subject="s2", **ENROL), Recorded)
            assert all(v == list(range(1, len(v) + 1)) for v in (await versions(log)).values())

    run(test())


def test_commands_in_a_batch_too(dsn: str) -> None:
    """Many at once, refused ones, done ones and new ones among them."""

    async def test() -> None:
        async with PostgresLog(dsn, REGISTRY) as log:
            process = Process(log, MemoryKeys())
            await schedule(process, "R")
            kept = await log.head()
            names = [f"s{n}" for n in range(20)]
            requests = [process.request("enrol-learner", subject=name, **ENROL) for name in names]
            await process.pipeline.execute_many(requests)
            restore(dsn, kept)
            answers: list[Any] = await process.pipeline.execute_many(requests)
            assert all(isinstance(answer, Recorded) for answer in answers)
            assert await log.head() == kept + len(names)

    run(test())


def test_a_subscription_ends_in_a_new_epoch(dsn: str) -> None:
    """Whoever follows positions is told that they mean something else now."""
    factory = LogFactory(environment(dsn))
    recorder = cast("ApplicationRecorder", factory.application_recorder())
    recorder.insert_events([StoredEvent(uuid4(), 1, "topic", b"{}") for _ in range(3)])
    with recorder.subscribe(gt=0) as subscription:
        assert [next(subscription).id for _ in range(3)] == [1, 2, 3]
        restore(dsn, 1)
        with pytest.raises(NewEpoch, match="a new epoch"):
            next(subscription)
    factory.close()
    assert asyncio.run(_head(dsn)) == 1


async def _head(dsn: str) -> int:
    async with PostgresLog(dsn, REGISTRY) as log:
        return await log.head()
