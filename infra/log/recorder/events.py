"""How are the library's events recorded in the log's table, and selected from it?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    InterfaceError,
    Notification,
    OperationalError,
    ProcessRecorder,
    ProgrammingError,
    StoredEvent,
    Subscription,
    Tracking,
)
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.utils import retry
from psycopg.rows import DictRow

from infra.log.recorder import bodies
from infra.log.recorder.subscription import LogSubscription

ATTEMPTS_MAX = 10
ATTEMPT_SECONDS = 0.2
"""Between two attempts to reach the server; the library's own recorder keeps the same."""
VERSION_MAX = 2**31 - 1
POSITION_MAX = 2**63 - 1

LOST = (InterfaceError, OperationalError)
"""What the library raises where the server or the connection failed."""

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
_COLUMNS = "select position, version, stream, body from log.facts"
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


class LogAggregateRecorder(AggregateRecorder):
    """The library's recorder over the log's table, for who needs no notification ids."""

    def __init__(self, datastore: PostgresDatastore, streams: Streams) -> None:
        self.datastore = datastore
        self.streams = streams

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Append all events or none. Raises as ``LogRecorder.insert_events`` does."""
        self._insert(stored_events, kwargs.get("tracking"))
        return None

    @retry(LOST, max_attempts=ATTEMPTS_MAX, wait=ATTEMPT_SECONDS)
    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return an aggregate's events, in order of version."""
        query = (
            f"{_COLUMNS} where stream = %s and version > %s and version <= %s"
            f" order by version {'desc' if desc else 'asc'} limit %s"
        )
        low, high = -1 if gt is None else gt, VERSION_MAX if lte is None else lte
        rows = self._rows(query, (f"{self.streams.prefix}{originator_id}", low, high, limit))
        return [
            StoredEvent(originator_id, row["version"], *self.streams.event(row["body"]))
            for row in rows
        ]

    def _insert(self, events: Sequence[StoredEvent], tracking: Tracking | None) -> list[int]:
        if self.streams.facts and events:
            raise ProgrammingError("facts are recorded by commands, which decide them by the rules")
        columns = self._columns(events)
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                return self._attempt(columns, tracking)
            except IntegrityError:
                # An earlier attempt may have been recorded and its answer lost: then what stands
                # in the way is these very events.
                landed = self._landed(columns, tracking) if attempt > 1 else None
                if landed is None:
                    raise
                return landed
            except LOST:
                if attempt == ATTEMPTS_MAX:
                    raise
                time.sleep(ATTEMPT_SECONDS)
        raise AssertionError  # the loop returns or raises

    def _attempt(self, columns: dict[str, Any], tracking: Tracking | None) -> list[int]:
        if tracking is not None:
            raise ProgrammingError("this recorder keeps no tracking records")
        if not columns["streams"]:
            return []
        with self.datastore.get_connection() as connection:
            return _append(connection, columns)

    def _landed(
        self,
        columns: dict[str, Any],
        tracking: Tracking | None,  # noqa: ARG002  # for who tracks
    ) -> list[int] | None:
        """Return the positions of just these events if all of them are recorded, else None."""
        with self.datastore.get_connection() as connection:
            rows = connection.execute(_LANDED, columns).fetchall()
        found = [int(row["position"]) for row in rows]
        return found if len(found) == len(columns["streams"]) else None

    def _columns(self, events: Sequence[StoredEvent]) -> dict[str, Any]:
        streams = [f"{self.streams.prefix}{event.originator_id}" for event in events]
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

    def _rows(self, query: str, parameters: Sequence[Any]) -> list[DictRow]:
        with self.datastore.get_connection() as connection:
            cursor = connection.cursor(binary=True)
            return cursor.execute(query.encode(), parameters, prepare=True).fetchall()


class LogRecorder(LogAggregateRecorder, ApplicationRecorder):
    """The library's recorder over the log's table; a notification's id is its position."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Append all events or none, and return their positions.

        Raises the library's IntegrityError where a version is taken or would leave a gap. Where the
        connection fails it is tried again, and what an attempt recorded that was not answered is
        found and returned.
        """
        return self._insert(stored_events, kwargs.get("tracking"))

    @retry(LOST, max_attempts=ATTEMPTS_MAX, wait=ATTEMPT_SECONDS)
    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return the application's events in order of position."""
        after = (start or 0) - 1 if inclusive_of_start else (start or 0)
        query = (
            f"{_COLUMNS} where position > %s and position <= %s and {self.streams.among}"
            " and (%s or type = any(%s)) order by position limit %s"
        )
        high = POSITION_MAX if stop is None else stop
        rows = self._rows(
            query, (after, high, *self.streams.bounds, not topics, list(topics), limit)
        )
        return [
            Notification(
                self._originator(row["stream"]),
                row["version"],
                *self.streams.event(row["body"]),
                id=row["position"],
            )
            for row in rows
        ]

    @retry(LOST, max_attempts=ATTEMPTS_MAX, wait=ATTEMPT_SECONDS)
    def max_notification_id(self) -> int | None:
        """Return the last position of an event of the application, None if there is none."""
        rows = self._rows(
            f"select position from log.facts where {self.streams.among}"  # noqa: S608  # constants only
            " order by position desc limit 1",
            self.streams.bounds,
        )
        return int(rows[0]["position"]) if rows else None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Follow the application's events after a position, as they are recorded."""
        return LogSubscription(self, self.datastore, gt=gt, topics=topics)

    def _originator(self, stream: str) -> UUID | str:
        name = stream.removeprefix(self.streams.prefix)
        return UUID(name) if self.datastore.originator_id_type == "uuid" else name


class LogProcessRecorder(PostgresTrackingRecorder, LogRecorder, ProcessRecorder):
    """Also keeps how far another application was followed, in the events' own transaction."""

    def __init__(
        self, datastore: PostgresDatastore, streams: Streams, tracking_table_name: str
    ) -> None:
        PostgresTrackingRecorder.__init__(self, datastore, tracking_table_name=tracking_table_name)
        LogRecorder.__init__(self, datastore, streams)

    def _attempt(self, columns: dict[str, Any], tracking: Tracking | None) -> list[int]:
        if tracking is None:
            return super()._attempt(columns, tracking)
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            return _append(cursor.connection, columns) if columns["streams"] else []

    def _landed(self, columns: dict[str, Any], tracking: Tracking | None) -> list[int] | None:
        if columns["streams"] or tracking is None:
            return super()._landed(columns, tracking)
        stands = self.max_tracking_id(tracking.application_name)
        return [] if stands == tracking.notification_id else None


def _append(connection: psycopg.Connection[DictRow], columns: dict[str, Any]) -> list[int]:
    row = connection.execute(_APPEND, columns).fetchone()
    if row is None or row["outcome"] is not None:
        raise IntegrityError("an event's version is taken, or would leave a gap")
    base = int(row["base"])
    return list(range(base + 1, base + len(columns["streams"]) + 1))


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
