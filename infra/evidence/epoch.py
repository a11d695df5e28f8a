"""What is the log's epoch, and how is a new one begun after a backup was restored?"""

from __future__ import annotations

import psycopg

from infra.pools import CONNECT_SECONDS_MAX


def epoch(dsn: str) -> str:
    """Return the log's epoch. Raises psycopg.Error."""
    with psycopg.connect(dsn, connect_timeout=int(CONNECT_SECONDS_MAX)) as connection:
        (name,) = connection.execute("select name from log.epoch").fetchone() or ("",)
    return str(name)


def renew(dsn: str) -> str:
    """Begin a new epoch, and return its name. Raises psycopg.Error."""
    with psycopg.connect(dsn, connect_timeout=int(CONNECT_SECONDS_MAX)) as connection:
        (name,) = connection.execute(
            "update log.epoch set name = replace(gen_random_uuid()::text, '-', ''),"
            " made_at = clock_timestamp() returning name"
        ).fetchone() or ("",)
    return str(name)
