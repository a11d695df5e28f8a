"""What must be true of jobs, in memory and in PostgreSQL alike?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from domain.access import DEVELOPMENT
from domain.jobs import Job, JobFailed, JobState, Progress
from infra.compose.parts import utc_now
from infra.migrations import migrate
from infra.stores.jobs import LEASE_SECONDS, TRIES_MAX, UNDER_WAY_MAX, keeping_jobs
from infra.stores.jobs_memory import MemoryJobs
from streams.jobs import PIECE_BYTES_MAX, JobRunner
from tests.databases import Databases

KIND = "count"
OTHER = replace(DEVELOPMENT, tenant="elsewhere")


class Store:
    """Jobs, and a way to let time pass."""

    def __init__(self, jobs: Any, passes: Callable[[float], None]) -> None:
        self.jobs = jobs
        self.passes = passes

    async def ask(self, about: str = "r", request: bytes = b"") -> Job:
        job: Job = await self.jobs.ask(KIND, about, DEVELOPMENT, request, "text/plain")
        return job

    async def now(self, job: Job) -> Job:
        found: Job = await self.jobs.job(job.tenant, job.job)
        return found


@asynccontextmanager
async def memory(_: Databases) -> AsyncIterator[Store]:
    later = [timedelta()]

    def passes(seconds: float) -> None:
        later[0] += timedelta(seconds=seconds)

    yield Store(MemoryJobs(lambda: utc_now() + later[0]), passes)


@asynccontextmanager
async def postgres(databases: Databases) -> AsyncIterator[Store]:
    with databases.fresh() as dsn:
        migrate(dsn)

        def passes(seconds: float) -> None:
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute(
                    "update jobs.jobs set lease_until = lease_until - %(s)s * interval '1 second',"
                    " expires_at = expires_at - %(s)s * interval '1 second'",
                    {"s": seconds},
                )

        async with keeping_jobs(dsn) as jobs:
            yield Store(jobs, passes)


@pytest.fixture(params=[memory, postgres], ids=["memory", "postgres"])
def law(
    request: Any, databases_18: Databases
) -> Callable[[Callable[[Store], Awaitable[None]]], None]:
    """Holds a law against a store of jobs."""

    def hold(test: Callable[[Store], Awaitable[None]]) -> None:
        async def run() -> None:
            async with request.param(databases_18) as store:
                await test(store)

        asyncio.run(run())

    return hold


def test_a_job_is_asked_for_taken_told_of_and_done(law: Any) -> None:
    """And what came of it is kept, in pieces, for a time."""

    async def test(store: Store) -> None:
        asked = await store.ask("r1", b"what")
        assert (asked.state, asked.request, asked.asked_by) == ("waiting", b"what", DEVELOPMENT)
        assert await store.jobs.claim(["another kind"]) is None
        mine = await store.jobs.claim([KIND])
        assert (mine.job, mine.state, mine.tries) == (asked.job, "running", 1)
        assert await store.jobs.claim([KIND]) is None, "nobody takes it a second time"
        assert await store.jobs.progress(mine, Progress(3, 7))
        assert await store.jobs.put(mine, 0, b"one ")
        assert await store.jobs.put(mine, 1, b"two")
        now = await store.now(asked)
        assert (now.done, now.of) == (3, 7)
        assert await store.jobs.end(mine)
        done = await store.now(asked)
        assert (done.state, done.error) == (JobState.DONE, None)
        assert [piece async for piece in store.jobs.result(done)] == [b"one ", b"two"]
        assert await store.jobs.job(OTHER.tenant, asked.job) is None
        assert not await store.jobs.progress(done, Progress(4, 7)), "what is done, is done"
        store.passes(25 * 3_600)
        assert await store.jobs.job(asked.tenant, asked.job) is None
        assert await store.jobs.tidy() == 1
        assert [piece async for piece in store.jobs.result(done)] == []

    law(test)


def test_a_job_whose_worker_is_gone_is_begun_anew(law: Any) -> None:
    """By one other; the one who comes back too late changes nothing, and there is an end to it."""

    async def test(store: Store) -> None:
        asked = await store.ask()
        lost = await store.jobs.claim([KIND])
        await store.jobs.put(lost, 0, b"half")
        store.passes(LEASE_SECONDS + 1)
        again = await store.jobs.claim([KIND])
        assert (again.job, again.tries, again.done) == (asked.job, 2, 0)
        assert [piece async for piece in store.jobs.result(again)] == []
        assert not await store.jobs.put(lost, 1, b"late")
        assert not await store.jobs.progress(lost, Progress(9, 9))
        assert not await store.jobs.end(lost)
        for _ in range(TRIES_MAX - 2):
            store.passes(LEASE_SECONDS + 1)
            assert await store.jobs.claim([KIND]) is not None
        store.passes(LEASE_SECONDS + 1)
        assert await store.jobs.claim([KIND]) is None
        assert await store.jobs.tidy() == 1
        assert (await store.now(asked)).state == JobState.FAILED

    law(test)


def test_jobs_are_listed_bounded_and_dropped(law: Any) -> None:
    """The latest first, of one tenant; no more under way than may be."""

    async def test(store: Store) -> None:
        first, second = await store.ask(), await store.ask()
        await store.jobs.ask(KIND, "r", OTHER, b"", "text/plain")
        found = await store.jobs.asked(DEVELOPMENT.tenant, KIND, "r")
        assert [one.job for one in found] == [second.job, first.job]
        for n in range(UNDER_WAY_MAX - 2):
            assert await store.ask(f"more-{n}") is not None
        assert await store.ask() is None
        mine = await store.jobs.claim([KIND])
        await store.jobs.drop(first)
        assert mine.job == first.job
        assert not await store.jobs.progress(mine, Progress(1, 1))
        assert await store.ask() is not None

    law(test)


def test_a_runner_does_what_is_asked_for(law: Any) -> None:
    """In pieces of one size; what fails says why, and what is dropped ends."""
    began = asyncio.Event()

    async def count(job: Job) -> AsyncIterator[bytes | Progress]:
        match job.request:
            case b"refuse":
                raise JobFailed("There is nothing to count.")
            case b"fail":
                raise ValueError("secret")
            case b"wait":
                began.set()
                await asyncio.sleep(3_600)
        yield Progress(0, 2)
        yield b"x" * PIECE_BYTES_MAX
        yield b"y" * 3
        yield Progress(2, 2)

    async def test(store: Store) -> None:
        runner = JobRunner(store.jobs, {KIND: count})
        assert not await runner.step()
        jobs = [await store.ask(request=what) for what in (b"", b"refuse", b"fail", b"wait")]
        for _ in jobs[:3]:
            assert await runner.step()
        done, refused, failed = [await store.now(one) for one in jobs[:3]]
        pieces = [len(piece) async for piece in store.jobs.result(done)]
        assert (done.state, done.done, done.of, pieces) == ("done", 2, 2, [PIECE_BYTES_MAX, 3])
        assert (refused.state, refused.error) == ("failed", "There is nothing to count.")
        assert failed.state == JobState.FAILED
        assert failed.job in failed.error
        assert "secret" not in failed.error
        stepping = asyncio.create_task(runner.step())
        await began.wait()
        await store.jobs.drop(jobs[3])
        assert await asyncio.wait_for(stepping, 10)

    law(test)
