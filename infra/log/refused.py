"""What is a client told, and what the operator, when PostgreSQL refuses to record?"""

from __future__ import annotations

import logging
import time

import psycopg

from commands.ports import LogFull, LogUnavailable

WARNING_SECONDS = 10.0
"""So far apart are warnings at least: a server that cannot record should not fill its own log."""

_logger = logging.getLogger(__name__)


def unavailable(error: Exception) -> LogUnavailable:
    """Return what a client is told of an error that an append ended with."""
    full = isinstance(error, psycopg.errors.DiskFull)
    told = LogFull(str(error)) if full else LogUnavailable(str(error))
    told.__cause__ = error
    return told


class Warnings:
    """Tells the operator why nothing is recorded, now and then."""

    def __init__(self) -> None:
        self._due = 0.0

    def tell(self, error: psycopg.Error) -> None:
        """Say it, unless that was done a moment ago."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + WARNING_SECONDS
            _logger.warning("nothing is recorded: %s", str(error).strip())
