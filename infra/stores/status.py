"""How are the readings and followers doing, by what the database says?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

import psycopg

from projections.status import DueStatus, FollowerStatus, PartitionStatus, ReadingStatus

LIVE_SECONDS_MAX = 5.0
"""A reading that lags no longer than this is live."""
STALL_SECONDS_MAX = 30.0
"""One that lags longer, and has not moved for as long, is stalled."""
OVERDUE_COUNTED_MAX = 10_000
DUE_GRACE_SECONDS = 2.0
"""So late is a command at most where all is well."""
SILENT_SECONDS_MAX = 10.0
"""A worker says every 2 s that it is there; one that has not for so long is dead."""

# A partition that has a worker, or is one of several, needs one. Whoever fills a generation before
# it is live moves it; so that counts until its worker speaks up.
_READINGS = """
  with head as (select position from log.head()),
  live as (
    select s.*, s.alive_at is not null or count(*) over (partition by s.name) > 1 as worked,
      coalesce(s.alive_at, s.moved_at, s.created_at) as heard_at
    from readings.state s where s.live)
  select l.name, l.version, l.generation, l.partition, l.position, head.position as head,
    l.moved_at, l.error,
    coalesce(extract(epoch from clock_timestamp() - log.recorded_at(l.position + 1)), 0)::float8
      as lag,
    coalesce(extract(epoch from clock_timestamp() - coalesce(l.moved_at, l.created_at)),
      0)::float8 as still,
    case when l.worked and clock_timestamp() - l.heard_at > make_interval(secs => %(silent)s)
      then l.heard_at end as silent_since,
    (select count(*) from readings.parked p
      where p.name = l.name and p.generation = l.generation) as parked,
    beside.position as beside, beside.error as beside_error
  from live l cross join head
  left join lateral (
    select greatest(b.position, b.taken) as position, b.error from readings.state b
    where b.name = l.name and b.generation > l.generation
    order by b.generation desc, b.error limit 1) beside on true
  order by l.name, l.partition
"""
_FOLLOWERS = """
  select f.name, f.position, (select position from log.head()),
    greatest(0, coalesce(
      extract(epoch from clock_timestamp() - log.recorded_at(f.position + 1)), 0))::float8,
    f.moved_at, f.error
  from (select name, position, moved_at, error from readings.followers
        union all select 'sealer', size, moved_at, error from evidence.sealed) f
  order by f.name
"""

_DUE = "select commands, seconds, failed, error from readings.overdue(%(most)s, %(grace)s)"


class _Row(NamedTuple):
    """One partition of a reading's live generation; what is said of the whole reading stands in
    each of them."""

    name: str
    version: int
    generation: int
    partition: int
    position: int
    head: int
    moved_at: datetime | None
    error: str | None
    lag: float
    still: float
    silent_since: datetime | None
    parked: int
    beside: int | None
    beside_error: str | None

    @property
    def lag_positions(self) -> int:
        return max(0, self.head - self.position)

    @property
    def lag_seconds(self) -> float:
        return max(0.0, self.lag) if self.lag_positions else 0.0

    @property
    def has_stopped(self) -> bool:
        return min(self.lag_seconds, self.still) > STALL_SECONDS_MAX


def readings(connection: psycopg.Connection) -> Sequence[ReadingStatus]:
    """Return one entry a reading, by name."""
    cursor = connection.execute(_READINGS, {"silent": SILENT_SECONDS_MAX})
    rows = [_Row(*row) for row in cursor.fetchall()]
    return [_status(list(group)) for _, group in groupby(rows, lambda row: row.name)]


def followers(connection: psycopg.Connection) -> Sequence[FollowerStatus]:
    """Return one entry a follower, by name."""
    return [FollowerStatus(*row) for row in connection.execute(_FOLLOWERS).fetchall()]


def due(connection: psycopg.Connection) -> DueStatus:
    """Return how what falls due is getting sent; while its reading is not made, nothing is due."""
    values = {"most": OVERDUE_COUNTED_MAX, "grace": DUE_GRACE_SECONDS}
    try:
        row = connection.execute(_DUE, values).fetchone()
    except psycopg.errors.UndefinedTable:
        row = None
    return DueStatus(0, 0.0, 0, None) if row is None else DueStatus(*row)


def _status(rows: Sequence[_Row]) -> ReadingStatus:
    """Say of a reading what is true of the worst of its partitions."""
    slowest = min(rows, key=lambda row: row.position)
    first, head = rows[0], max(row.head for row in rows)
    error = _error(rows)
    lag = max(row.lag_seconds for row in rows)
    progress = None if first.beside is None else (first.beside / head if head else 1.0)
    return ReadingStatus(
        name=first.name,
        version=first.version,
        generation=first.generation,
        state=(
            "stalled"
            if error is not None or (progress is None and any(row.has_stopped for row in rows))
            else "rebuilding"
            if progress is not None
            else "catching-up"
            if lag > LIVE_SECONDS_MAX
            else "live"
        ),
        position=slowest.position,
        head=head,
        lag_positions=slowest.lag_positions,
        lag_seconds=lag,
        progress=progress,
        parked=first.parked,
        moved_at=slowest.moved_at,
        error=error,
        partitions=tuple(
            PartitionStatus(row.partition, row.position, row.lag_positions, row.lag_seconds)
            for row in rows
        ),
    )


def _error(rows: Sequence[_Row]) -> str | None:
    """Say what keeps a reading, or one partition of it, from moving."""
    for row in rows:
        if row.error is not None:
            return row.error if len(rows) == 1 else f"partition {row.partition}: {row.error}"
    for row in rows:
        if row.silent_since is not None:
            since = row.silent_since.isoformat(timespec="seconds")
            return f"partition {row.partition} has had no worker since {since}"
    return rows[0].beside_error
