"""Where do jobs stand, so that they outlive the process that does them?"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, LiteralString

import msgspec
import psycopg
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from domain.access import Principal
from domain.jobs import Job, JobState, Progress
from infra.pools import async_pool
from projections.ports import StoreUnavailable

CONNECTIONS_MAX = 3
ID_BYTES = 16
"""Whoever does not know a job's name cannot guess it."""
UNDER_WAY_MAX = 10
"""Jobs of one asker that wait or run."""
LISTED_MAX = 50
LEASE_SECONDS = 15
TRIES_MAX = 3
KEPT_HOURS = 24
NEVER_ENDED = f"It was begun {TRIES_MAX} times, and never came to an end."

_FIELDS = frozenset(Job.__struct_fields__)
_ASK = """
  insert into jobs.jobs (tenant, job, kind, about, actor, asked_by, request, media_type)
  select %(tenant)s, %(job)s, %(kind)s, %(about)s, %(actor)s, %(asked_by)s, %(request)s, %(media)s
  where (select count(*) from jobs.jobs where tenant = %(tenant)s and actor = %(actor)s
         and state in ('waiting', 'running')) < %(most)s
  returning *
"""
_CLAIM = """
  update jobs.jobs set state = 'running', tries = tries + 1, done = 0, of = null,
    began_at = clock_timestamp(),
    lease_until = clock_timestamp() + %(lease)s * interval '1 second'
  where (tenant, job) = (
    select tenant, job from jobs.jobs
    where kind = any(%(kinds)s) and (state = 'waiting' or
      state = 'running' and lease_until < clock_timestamp() and tries < %(tries)s)
    order by asked_at limit 1 for update skip locked)
  returning *
"""
_PROGRESS = """
  update jobs.jobs set done = %(done)s, of = %(of)s,
    lease_until = clock_timestamp() + %(lease)s * interval '1 second'
  where tenant = %(tenant)s and job = %(job)s and state = 'running' and tries = %(tries)s
  returning job
"""
_PUT = """
  insert into jobs.pieces (tenant, job, number, body)
  select tenant, job, %(number)s, %(piece)s from jobs.jobs
  where tenant = %(tenant)s and job = %(job)s and state = 'running' and tries = %(tries)s
  for update
  returning job
"""
_END = """
  update jobs.jobs set state = %(state)s, error = %(error)s, lease_until = null,
    ended_at = clock_timestamp(), expires_at = clock_timestamp() + %(kept)s * interval '1 hour'
  where tenant = %(tenant)s and job = %(job)s and state = 'running' and tries = %(tries)s
  returning job
"""
_LINK = """
  insert into jobs.links (digest, tenant, job, expires_at)
  select %(digest)s, tenant, job,
    least(expires_at, clock_timestamp() + %(seconds)s * interval '1 second')
  from jobs.jobs where tenant = %(tenant)s and job = %(job)s and state = 'done'
    and expires_at > clock_timestamp()
  returning expires_at
"""
_LINKED = """
  select j.* from jobs.links l join jobs.jobs j using (tenant, job)
  where l.digest = %(digest)s and l.expires_at > clock_timestamp()
    and j.expires_at > clock_timestamp()
"""
_GIVE_UP = """
  update jobs.jobs set state = 'failed', ended_at = clock_timestamp(),
    expires_at = clock_timestamp() + %(kept)s * interval '1 hour',
    error = %(error)s
  where state = 'running' and lease_until < clock_timestamp() and tries >= %(tries)s
"""


class PostgresJobs:
    """Implements ``read_api.ports.jobs.Jobs`` and ``streams.ports.JobQueue``."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[DictRow]]) -> None:
        self._pool = pool

    async def ask(
        self, kind: str, about: str, asked_by: Principal, request: bytes, media_type: str
    ) -> Job | None:
        """Keep what is asked for."""
        rows = await self._rows(
            _ASK,
            tenant=asked_by.tenant,
            job=secrets.token_hex(ID_BYTES),
            kind=kind,
            about=about,
            actor=asked_by.actor,
            asked_by=msgspec.json.encode(asked_by),
            request=request,
            media=media_type,
            most=UNDER_WAY_MAX,
        )
        return _job(rows[0]) if rows else None

    async def job(self, tenant: str, job: str) -> Job | None:
        """Return a job."""
        rows = await self._rows(
            "select * from jobs.jobs where tenant = %(tenant)s and job = %(job)s"
            " and (expires_at is null or expires_at > clock_timestamp())",
            tenant=tenant,
            job=job,
        )
        return _job(rows[0]) if rows else None

    async def asked(self, tenant: str, kind: str, about: str) -> Sequence[Job]:
        """Return the jobs of a kind about something."""
        rows = await self._rows(
            "select * from jobs.jobs where tenant = %(tenant)s and kind = %(kind)s"
            " and about = %(about)s and (expires_at is null or expires_at > clock_timestamp())"
            " order by asked_at desc, job limit %(most)s",
            tenant=tenant,
            kind=kind,
            about=about,
            most=LISTED_MAX,
        )
        return [_job(row) for row in rows]

    async def result(self, job: Job) -> AsyncIterator[bytes]:
        """Yield what came of a job."""
        number = 0
        while rows := await self._rows(
            "select body from jobs.pieces"
            " where tenant = %(tenant)s and job = %(job)s and number = %(number)s",
            tenant=job.tenant,
            job=job.job,
            number=number,
        ):
            yield bytes(rows[0]["body"])
            number += 1

    async def drop(self, job: Job) -> None:
        """Forget a job."""
        await self._rows(
            "delete from jobs.jobs where tenant = %(tenant)s and job = %(job)s",
            tenant=job.tenant,
            job=job.job,
        )

    async def link(self, job: Job, digest: bytes, seconds: int) -> datetime | None:
        """Let whoever knows what has this digest fetch what came of it."""
        whose = {"tenant": job.tenant, "job": job.job}
        rows = await self._rows(_LINK, digest=digest, seconds=seconds, **whose)
        return rows[0]["expires_at"] if rows else None

    async def linked(self, digest: bytes) -> Job | None:
        """Return the job that a link leads to."""
        rows = await self._rows(_LINKED, digest=digest)
        return _job(rows[0]) if rows else None

    async def claim(self, kinds: Collection[str]) -> Job | None:
        """Take the job that waits longest."""
        async with self._connection() as connection, connection.transaction():
            values = {"kinds": list(kinds), "lease": LEASE_SECONDS, "tries": TRIES_MAX}
            cursor = await connection.execute(_CLAIM, values)
            row = await cursor.fetchone()
            if row is None:
                return None
            await connection.execute(
                "delete from jobs.pieces where tenant = %(tenant)s and job = %(job)s", row
            )
        return _job(row)

    async def progress(self, job: Job, progress: Progress) -> bool:
        """Note how far it is, and renew the lease."""
        return await self._mine(
            job, _PROGRESS, done=progress.done, of=progress.of, lease=LEASE_SECONDS
        )

    async def put(self, job: Job, number: int, piece: bytes) -> bool:
        """Keep a piece of the result."""
        return await self._mine(job, _PUT, number=number, piece=piece)

    async def end(self, job: Job, error: str | None = None) -> bool:
        """Note that it is done, or why it failed."""
        state = JobState.DONE if error is None else JobState.FAILED
        return await self._mine(job, _END, state=state, error=error, kept=KEPT_HOURS)

    async def tidy(self) -> int:
        """Forget and give up."""
        async with self._connection() as connection:
            gone = await connection.execute(
                "delete from jobs.jobs where expires_at <= clock_timestamp()"
            )
            values = {"kept": KEPT_HOURS, "tries": TRIES_MAX, "error": NEVER_ENDED}
            given_up = await connection.execute(_GIVE_UP, values)
        return gone.rowcount + given_up.rowcount

    async def _mine(self, job: Job, statement: LiteralString, **values: Any) -> bool:
        mine = {"tenant": job.tenant, "job": job.job, "tries": job.tries}
        return bool(await self._rows(statement, **mine, **values))

    async def _rows(self, statement: LiteralString, **values: Any) -> list[DictRow]:
        async with self._connection() as connection:
            cursor = await connection.execute(statement, values)
            return await cursor.fetchall() if cursor.description else []

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection[DictRow]]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise StoreUnavailable(f"jobs cannot be reached: {error}") from error


@asynccontextmanager
async def keeping_jobs(dsn: str) -> AsyncIterator[PostgresJobs]:
    """Have the jobs for a while."""
    async with async_pool(
        dsn, CONNECTIONS_MAX, autocommit=True, row_factory=dict_row, options="-c timezone=UTC"
    ) as pool:
        yield PostgresJobs(pool)


def _job(row: DictRow) -> Job:
    return Job(
        **{name: value for name, value in row.items() if name in _FIELDS}
        | {
            "asked_by": msgspec.json.decode(row["asked_by"], type=Principal),
            "state": JobState(row["state"]),
        }
    )
