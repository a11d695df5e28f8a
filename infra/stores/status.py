"""How are the readings and followers doing, by what the database says?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import psycopg

from projections.ports import FollowerStatus, ReadingStatus

LIVE_SECONDS_MAX = 5.0
"""A reading that lags no longer than this is live."""
STALL_SECONDS_MAX = 30.0
"""One that lags longer, and has not moved for as long, is stalled."""

_READINGS = """
  with head as (
    select coalesce(max(position), 0) as position from log.facts),
  live as (
    select s.* from readings.state s where s.live and s.partition = 0)
  select l.name, l.version, l.generation, l.position, head.position as head, l.moved_at, l.error,
    coalesce(extract(epoch from clock_timestamp() - waiting.recorded_at), 0)::float8 as lag,
    coalesce(extract(epoch from clock_timestamp() - coalesce(l.moved_at, l.created_at)),
      0)::float8 as still,
    (select count(*) from readings.parked p
      where p.name = l.name and p.generation = l.generation) as parked,
    beside.position as beside, beside.error as beside_error
  from live l cross join head
  left join log.facts waiting on waiting.position = l.position + 1
  left join lateral (
    select greatest(b.position, b.taken) as position, b.error from readings.state b
    where b.name = l.name and b.generation > l.generation
    order by b.generation desc limit 1) beside on true
  order by l.name
"""
_FOLLOWERS = """
  select f.name, f.position, (select coalesce(max(position), 0) from log.facts),
    greatest(0, coalesce(extract(epoch from clock_timestamp() - waiting.recorded_at), 0))::float8,
    f.moved_at, f.error
  from readings.followers f left join log.facts waiting on waiting.position = f.position + 1
  order by f.name
"""


class _Row(NamedTuple):
    name: str
    version: int
    generation: int
    position: int
    head: int
    moved_at: datetime | None
    error: str | None
    lag: float
    still: float
    parked: int
    beside: int | None
    beside_error: str | None


def readings(connection: psycopg.Connection) -> Sequence[ReadingStatus]:
    """Return one entry a reading, by name."""
    return [_status(_Row(*row)) for row in connection.execute(_READINGS).fetchall()]


def followers(connection: psycopg.Connection) -> Sequence[FollowerStatus]:
    """Return one entry a follower, by name."""
    return [FollowerStatus(*row) for row in connection.execute(_FOLLOWERS).fetchall()]


def _status(row: _Row) -> ReadingStatus:
    error = row.error or row.beside_error
    behind = max(0, row.head - row.position)
    lag = max(0.0, row.lag) if behind else 0.0
    progress = None if row.beside is None else (row.beside / row.head if row.head else 1.0)
    return ReadingStatus(
        name=row.name,
        version=row.version,
        generation=row.generation,
        state=(
            "stalled"
            if error is not None or (progress is None and min(lag, row.still) > STALL_SECONDS_MAX)
            else "rebuilding"
            if progress is not None
            else "catching-up"
            if lag > LIVE_SECONDS_MAX
            else "live"
        ),
        position=row.position,
        head=row.head,
        lag_positions=behind,
        lag_seconds=lag,
        progress=progress,
        parked=row.parked,
        moved_at=row.moved_at,
        error=error,
    )
