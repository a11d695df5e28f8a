"""What is a learner given who asks for all that is kept about them?

A zip file, made in the background, kept sealed under the learner's key, and fetched by a link.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from hashlib import sha256

from domain.access import Principal
from domain.jobs import Job, JobFailed, JobState, Progress
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound, TooManyJobs
from read_api.ports.keys import KeyDestroyed
from read_api.queries.known import require_learner
from read_api.queries.subject_archive import zipped

KIND = "subject-access"
SEALED = "application/vnd.registrar.sealed"
"""How the result is kept: sealed frames, one a line."""
LINK_SECONDS = 3_600
TOKEN_BYTES = 32
FRAME_BYTES = 131_072


async def require_known(deps: ReadDependencies, tenant: str, subject: str) -> None:
    """Raise NotFound where there is nothing to export: nobody is known under this pseudonym. Raises
    NotYet where that cannot be told yet: the reading that it asks is behind."""
    try:
        async with deps.snapshot(tenant, "history", subject=subject) as snapshot:
            await require_learner(snapshot, subject)
    except NotFound:
        head = (await deps.log.head()).position
        async with deps.snapshot(tenant, "history", subject=subject, min_position=head) as snapshot:
            await require_learner(snapshot, subject)


async def ask(deps: ReadDependencies, asking: Principal, subject: str) -> Job:
    """Have an export made in the background. Raises NotFound, NotYet, and TooManyJobs."""
    await require_known(deps, asking.tenant, subject)
    job = await deps.jobs.ask(KIND, subject, asking, b"", SEALED)
    if job is None:
        raise TooManyJobs("You have as many jobs under way as may be; one must end first.")
    return job


async def asked(deps: ReadDependencies, tenant: str, subject: str) -> Sequence[Job]:
    """Return the exports of a learner that are known still, the latest first. Raises NotFound and
    NotYet."""
    await require_known(deps, tenant, subject)
    return await deps.jobs.asked(tenant, KIND, subject)


async def work(deps: ReadDependencies, job: Job) -> AsyncIterator[bytes | Progress]:
    """Do the job: yield the zip file in sealed frames, one a line."""
    number, gathered = 0, bytearray()
    try:
        async for told in zipped(deps, job):
            if isinstance(told, Progress):
                yield told
                continue
            gathered += told
            while len(gathered) >= FRAME_BYTES:
                yield await _frame(deps, job, number, bytes(gathered[:FRAME_BYTES]))
                del gathered[:FRAME_BYTES]
                number += 1
        yield await _frame(deps, job, number, bytes(gathered))
    except NotFound as error:
        raise JobFailed(str(error)) from error
    except KeyDestroyed as error:
        raise JobFailed(f"{job.about} was erased.") from error


async def opened(deps: ReadDependencies, job: Job) -> AsyncIterator[bytes]:
    """Yield the zip file of a job that is done. Raises NotFound where the learner was erased."""
    number, rest = 0, b""
    async for piece in deps.jobs.result(job):
        *frames, rest = (rest + piece).split(b"\n")
        for frame in frames:
            place = (f"job/{job.job}", str(number), frame.decode())
            (plain,) = await deps.opener.open(job.tenant, job.about, [place])
            if plain is None:
                raise NotFound("export", job.job)
            yield plain
            number += 1


async def link(deps: ReadDependencies, job: Job) -> tuple[str, datetime]:
    """Return a token by which the result of a job can be fetched, and until when. Raises NotFound
    where there is none."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    until = await deps.jobs.link(job, digest(token), LINK_SECONDS)
    if until is None or job.state != JobState.DONE:
        raise NotFound("result of export", job.job)
    return token, until


def digest(token: str) -> bytes:
    """Return what is kept of a token."""
    return sha256(token.encode()).digest()


async def _frame(deps: ReadDependencies, job: Job, number: int, plain: bytes) -> bytes:
    place = (f"job/{job.job}", str(number))
    return (await deps.opener.seal(job.tenant, job.about, place, plain)).encode() + b"\n"
