"""What do queries need of work that was asked for?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from domain.access import Principal
from domain.jobs import Job


class Jobs(Protocol):
    """Work that was asked for. Every call raises StoreUnavailable."""

    async def ask(
        self, kind: str, about: str, asked_by: Principal, request: bytes, media_type: str
    ) -> Job | None:
        """Keep what is asked for, durably. None: whoever asks has as much under way as they may."""

    async def job(self, tenant: str, job: str) -> Job | None:
        """Return a job; None: there is none, or it is past its time."""

    async def asked(self, tenant: str, kind: str, about: str) -> Sequence[Job]:
        """Return the jobs of a kind about something, the latest first, a page at most."""

    def result(self, job: Job) -> AsyncIterator[bytes]:
        """Yield what came of a job, piece by piece."""

    async def drop(self, job: Job) -> None:
        """Forget a job and what came of it. Where it runs, that ends."""

    async def link(self, job: Job, digest: bytes, seconds: int) -> datetime | None:
        """Let whoever knows what has this SHA-256 fetch what came of a job for so long, and return
        until when; no longer than it is kept. None: nothing came of it yet, or no longer."""

    async def linked(self, digest: bytes) -> Job | None:
        """Return the job that a link leads to, while it holds."""
