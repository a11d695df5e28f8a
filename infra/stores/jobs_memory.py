"""Jobs in memory: for tests, and as the measure of what PostgreSQL must answer."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from domain.access import Principal
from domain.jobs import Job, JobState, Progress
from infra.stores.jobs import (
    ID_BYTES,
    KEPT_HOURS,
    LEASE_SECONDS,
    LISTED_MAX,
    NEVER_ENDED,
    TRIES_MAX,
    UNDER_WAY_MAX,
)

UNDER_WAY = (JobState.WAITING, JobState.RUNNING)
Key = tuple[str, str]


class MemoryJobs:
    """Implements ``read_api.ports.jobs.Jobs`` and ``streams.ports.JobQueue``."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._jobs: dict[Key, Job] = {}
        self._pieces: dict[Key, dict[int, bytes]] = {}
        self._leases: dict[Key, datetime] = {}
        self._links: dict[bytes, tuple[Job, datetime]] = {}

    async def ask(
        self, kind: str, about: str, asked_by: Principal, request: bytes, media_type: str
    ) -> Job | None:
        """Keep what is asked for."""
        asker = (asked_by.tenant, asked_by.actor)
        held = [
            one
            for one in self._jobs.values()
            if (one.tenant, one.asked_by.actor) == asker and one.state in UNDER_WAY
        ]
        if len(held) >= UNDER_WAY_MAX:
            return None
        job = Job(
            job=secrets.token_hex(ID_BYTES),
            tenant=asked_by.tenant,
            kind=kind,
            about=about,
            asked_by=asked_by,
            request=request,
            media_type=media_type,
            state=JobState.WAITING,
            asked_at=self._clock(),
        )
        self._jobs[job.tenant, job.job] = job
        return job

    async def job(self, tenant: str, job: str) -> Job | None:
        """Return a job."""
        found = self._jobs.get((tenant, job))
        return None if found is None or self._is_over(found) else found

    async def asked(self, tenant: str, kind: str, about: str) -> Sequence[Job]:
        """Return the jobs of a kind about something."""
        wanted = (tenant, kind, about)
        found = [
            one
            for one in self._jobs.values()
            if (one.tenant, one.kind, one.about) == wanted and not self._is_over(one)
        ]
        return sorted(found, key=lambda one: one.asked_at, reverse=True)[:LISTED_MAX]

    async def result(self, job: Job) -> AsyncIterator[bytes]:
        """Yield what came of a job."""
        for _, piece in sorted(self._pieces.get((job.tenant, job.job), {}).items()):
            yield piece

    async def drop(self, job: Job) -> None:
        """Forget a job."""
        for kept in (self._jobs, self._pieces, self._leases):
            kept.pop((job.tenant, job.job), None)

    async def link(self, job: Job, digest: bytes, seconds: int) -> datetime | None:
        """Let whoever knows what has this digest fetch what came of it."""
        found = await self.job(job.tenant, job.job)
        if found is None or found.state != JobState.DONE or found.expires_at is None:
            return None
        until = min(found.expires_at, self._clock() + timedelta(seconds=seconds))
        self._links[digest] = (found, until)
        return until

    async def linked(self, digest: bytes) -> Job | None:
        """Return the job that a link leads to."""
        found, until = self._links.get(digest, (None, self._clock()))
        if found is None or until <= self._clock():
            return None
        return await self.job(found.tenant, found.job)

    async def claim(self, kinds: Collection[str]) -> Job | None:
        """Take the job that waits longest."""
        for key, job in sorted(self._jobs.items(), key=lambda entry: entry[1].asked_at):
            left = self._leases.get(key, self._clock()) < self._clock() and job.tries < TRIES_MAX
            if job.kind in kinds and (job.state == JobState.WAITING or (self._runs(job) and left)):
                self._pieces.pop(key, None)
                return self._now(
                    job,
                    state=JobState.RUNNING,
                    tries=job.tries + 1,
                    done=0,
                    of=None,
                    began_at=self._clock(),
                )
        return None

    async def progress(self, job: Job, progress: Progress) -> bool:
        """Note how far it is."""
        now = self._mine(job)
        if now is not None:
            self._now(now, done=progress.done, of=progress.of)
        return now is not None

    async def put(self, job: Job, number: int, piece: bytes) -> bool:
        """Keep a piece of the result."""
        if self._mine(job) is None:
            return False
        self._pieces.setdefault((job.tenant, job.job), {})[number] = piece
        return True

    async def end(self, job: Job, error: str | None = None) -> bool:
        """Note that it is done, or why it failed."""
        now = self._mine(job)
        if now is not None:
            self._ended(now, error)
        return now is not None

    async def tidy(self) -> int:
        """Forget and give up."""
        old = [job for job in self._jobs.values() if self._is_over(job)]
        for job in old:
            await self.drop(job)
        lost = [
            job
            for key, job in self._jobs.items()
            if self._runs(job) and job.tries >= TRIES_MAX and self._leases[key] < self._clock()
        ]
        for job in lost:
            self._ended(job, NEVER_ENDED)
        return len(old) + len(lost)

    def _mine(self, job: Job) -> Job | None:
        now = self._jobs.get((job.tenant, job.job))
        mine = now is not None and self._runs(now) and now.tries == job.tries
        return now if mine else None

    def _now(self, job: Job, **changes: object) -> Job:
        """Note something, and renew the lease."""
        key = (job.tenant, job.job)
        self._jobs[key] = changed = replace(job, **changes)
        self._leases[key] = self._clock() + timedelta(seconds=LEASE_SECONDS)
        return changed

    def _ended(self, job: Job, error: str | None) -> None:
        self._now(
            job,
            state=JobState.DONE if error is None else JobState.FAILED,
            error=error,
            ended_at=self._clock(),
            expires_at=self._clock() + timedelta(hours=KEPT_HOURS),
        )

    def _runs(self, job: Job) -> bool:
        return job.state == JobState.RUNNING

    def _is_over(self, job: Job) -> bool:
        return job.expires_at is not None and job.expires_at <= self._clock()
