"""How does what takes longer than an answer get done, though processes come and go?

Whoever asks finds the job in the store, and so does every process that can do it. One takes it,
under a lease that its words of progress renew; where the process is gone, another one begins it
anew. So the work of a job writes nothing but its result.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, suppress

from domain.jobs import Job, JobFailed, Progress
from projections.ports import StoreUnavailable
from streams.ports import JobQueue

POLL_SECONDS = 0.5
"""So late does a job begin at most, where nothing else is done."""
SAY_SECONDS = 1.0
"""How often it is noted how far a job is, which renews the lease."""
TIDY_SECONDS = 60.0
JOB_SECONDS_MAX = 3_600.0
PIECE_BYTES_MAX = 262_144

Work = Callable[[Job], AsyncIterator[bytes | Progress]]
"""Does a job: yields what comes of it, piece by piece, and in between how far it is. May be begun
anew. Raises JobFailed where that would not help."""

_log = logging.getLogger(__name__)


class JobRunner:
    """Does the jobs of some kinds, one at a time."""

    def __init__(self, queue: JobQueue, kinds: Mapping[str, Work]) -> None:
        self._queue = queue
        self._kinds = kinds

    async def run(self) -> None:
        """Do what is asked for until it is cancelled; the job under way is begun anew elsewhere."""
        clock = asyncio.get_running_loop().time
        tidied = -TIDY_SECONDS
        while True:
            done = False
            try:
                if clock() - tidied >= TIDY_SECONDS:
                    tidied = clock()
                    await self._queue.tidy()
                done = await self.step()
            except StoreUnavailable as error:
                _log.debug("jobs wait: %s", error)
            except Exception:
                _log.exception("jobs wait")
            if not done:
                await asyncio.sleep(POLL_SECONDS)

    async def step(self) -> bool:
        """Do one job, and return whether there was one. Raises StoreUnavailable."""
        job = await self._queue.claim(self._kinds)
        if job is None:
            return False
        doing = _Doing(self._queue, job, self._kinds[job.kind])
        working = asyncio.create_task(doing.work(), name=f"job {job.job}")
        try:
            async with asyncio.timeout(JOB_SECONDS_MAX):
                while not (await asyncio.wait({working}, timeout=SAY_SECONDS))[0]:
                    if not await self._queue.progress(job, doing.progress):
                        return True
                await self._queue.end(job, _error(job, working.exception()))
        except TimeoutError:
            await self._queue.end(job, f"It took longer than {JOB_SECONDS_MAX:.0f} seconds.")
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await working
        return True


class _Doing:
    """A job that is being done, and how far it is."""

    def __init__(self, queue: JobQueue, job: Job, work: Work) -> None:
        self.progress = Progress(0, None)
        self._queue = queue
        self._job = job
        self._work = work

    async def work(self) -> None:
        """Do it, and keep what comes of it in pieces of one size."""
        number, gathered = 0, bytearray()
        async with aclosing(self._work(self._job)) as told:  # type: ignore[type-var]
            async for one in told:
                if isinstance(one, Progress):
                    self.progress = one
                    continue
                gathered += one
                while len(gathered) >= PIECE_BYTES_MAX:
                    await self._queue.put(self._job, number, bytes(gathered[:PIECE_BYTES_MAX]))
                    del gathered[:PIECE_BYTES_MAX]
                    number += 1
        if gathered:
            await self._queue.put(self._job, number, bytes(gathered))
        await self._queue.progress(self._job, self.progress)


def _error(job: Job, error: BaseException | None) -> str | None:
    """Return what whoever asked is told of an error. Raises StoreUnavailable again: the job is
    begun anew when its lease ends."""
    if error is None:
        return None
    if isinstance(error, JobFailed):
        return str(error)
    if isinstance(error, StoreUnavailable):
        raise error
    _log.error("job %s (%s) failed", job.job, job.kind, exc_info=error)
    return f"Something failed on our side; the server's log has the reason under {job.job}."
