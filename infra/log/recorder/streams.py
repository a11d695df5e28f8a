"""Which streams are an application's, and how do its events become rows of them?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg
from eventsourcing.persistence import IntegrityError, StoredEvent
from psycopg.rows import DictRow

from infra.log.recorder import bodies

_APPEND = """
select base, outcome from log.append(
  '{}', '{}', '{}', %(counts)b,
  %(write_requests)b, %(write_streams)b, %(write_versions)b,
  %(doubted_streams)b, %(doubted_versions)b,
  %(new_requests)b, %(new_streams)b, %(new_versions)b, '{}', '{}',
  %(requests)b, %(streams)b, %(versions)b, %(types)b, %(tenants)b, array_fill(null::text, %(size)b),
  %(bodies)b)
"""
_LANDED = """
select f.position from unnest(%(streams)b, %(versions)b, %(bodies)b) e(stream, version, body)
  join log.facts f on f.stream = e.stream and f.version = e.version and f.body = e.body
  order by f.position
"""
_AMONG_AGGREGATES = f" and stream >= '{bodies.AGGREGATES}' and stream < '{bodies.AGGREGATES[:-1]}0'"
"""Said with constants, so that the index of these events alone serves."""


class Streams(NamedTuple):
    """Which streams of the log an application sees as its own."""

    prefix: str
    facts: bool = False
    """They hold facts that commands recorded, which an application reads and does not write."""

    @property
    def among(self) -> str:
        """The condition that they meet, whose two parameters are ``self.bounds``."""
        within = "" if self.facts else _AMONG_AGGREGATES
        return f"left(stream, %s) = %s{within}"

    @property
    def bounds(self) -> tuple[int, str]:
        """The parameters of ``among``."""
        return len(self.prefix), self.prefix

    def event(self, body: bytes) -> tuple[str, bytes]:
        """Return the topic and the state of an event in these streams."""
        return bodies.fact_of(body) if self.facts else bodies.event_of(body)

    def columns(self, events: Sequence[StoredEvent]) -> dict[str, Any]:
        """Return the values of an append. Raises IntegrityError where versions leave a gap."""
        streams = [f"{self.prefix}{event.originator_id}" for event in events]
        versions = [event.originator_version for event in events]
        first = _first_versions(streams, versions)
        begun = [stream for stream, version in first.items() if version == 0]
        known = [(stream, version - 1) for stream, version in first.items() if version > 1]
        return {
            "counts": [len(events)],
            "write_requests": [1] * len(first),
            "write_streams": list(first),
            "write_versions": [version - 1 for version in first.values()],
            "doubted_streams": [stream for stream, _ in known],
            "doubted_versions": [version for _, version in known],
            "new_requests": [1] * len(begun),
            "new_streams": begun,
            "new_versions": [0] * len(begun),
            "requests": [1] * len(events),
            "streams": streams,
            "versions": versions,
            "types": [event.topic for event in events],
            "tenants": [bodies.TENANT] * len(events),
            "size": [len(events)],
            "bodies": [
                bodies.body_of_event(stream, event.topic, event.state)
                for stream, event in zip(streams, events, strict=True)
            ],
        }


def append(connection: psycopg.Connection[DictRow], columns: dict[str, Any]) -> list[int]:
    """Append and return the positions. Raises IntegrityError where a version does not fit."""
    row = connection.execute(_APPEND, columns).fetchone()
    if row is None or row["outcome"] is not None:
        raise IntegrityError("an event's version is taken, or would leave a gap")
    base = int(row["base"])
    return list(range(base + 1, base + len(columns["streams"]) + 1))


def landed(connection: psycopg.Connection[DictRow], columns: dict[str, Any]) -> list[int] | None:
    """Return the positions of just these events if all of them are recorded, else None."""
    rows = connection.execute(_LANDED, columns).fetchall()
    return [int(row["position"]) for row in rows] if len(rows) == len(columns["streams"]) else None


def _first_versions(streams: Sequence[str], versions: Sequence[int]) -> dict[str, int]:
    """Return the first version per stream. Raises IntegrityError where they leave a gap."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for stream, version in zip(streams, versions, strict=True):
        first.setdefault(stream, version)
        if version != last.get(stream, version - 1) + 1:
            raise IntegrityError(f"versions of {stream} are not consecutive")
        last[stream] = version
    return first
