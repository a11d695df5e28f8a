"""What is asked of the server that takes longer than an answer may, and how far is it?"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from domain.access import Principal


class JobState(StrEnum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Work that somebody asked for. ``kind`` names it, ``about`` the run or learner that it is
    about, and ``request`` holds the rest of what was asked.

    ``done`` of ``of`` is how far it is; None: not known. ``tries`` counts how often it was begun:
    with another number it is somebody else's by now. What came of it is kept until ``expires_at``,
    as ``media_type``. ``error`` is a sentence that says why it failed.
    """

    job: str
    tenant: str
    kind: str
    about: str
    asked_by: Principal
    request: bytes
    media_type: str
    state: JobState
    asked_at: datetime
    done: int = 0
    of: int | None = None
    tries: int = 0
    began_at: datetime | None = None
    ended_at: datetime | None = None
    expires_at: datetime | None = None
    error: str | None = None


class Progress(NamedTuple):
    """So much of the work is done."""

    done: int
    of: int | None


class JobFailed(Exception):
    """The work cannot be done, for a reason that whoever asked can be told. One sentence."""
