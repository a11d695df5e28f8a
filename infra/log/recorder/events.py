"""How are the library's events recorded in the log's table, and selected from it?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

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

from infra.log.recorder.streams import Streams, append, landed
from infra.log.recorder.subscription import LogSubscription

ATTEMPTS_MAX = 10
ATTEMPT_SECONDS = 0.2
"""Between two attempts to reach the server; the library's own recorder keeps the same."""
VERSION_MAX = 2**31 - 1
POSITION_MAX = 2**63 - 1

LOST = (InterfaceError, OperationalError)
"""What the library raises where the server or the connection failed."""

_COLUMNS = "select position, version, stream, body from log.facts"


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
        columns = self.streams.columns(events)
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
            return append(connection, columns)

    def _landed(
        self,
        columns: dict[str, Any],
        tracking: Tracking | None,  # noqa: ARG002  # for who tracks
    ) -> list[int] | None:
        """Return the positions of just these events if all of them are recorded, else None."""
        with self.datastore.get_connection() as connection:
            return landed(connection, columns)

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
            return append(cursor.connection, columns) if columns["streams"] else []

    def _landed(self, columns: dict[str, Any], tracking: Tracking | None) -> list[int] | None:
        if columns["streams"] or tracking is None:
            return super()._landed(columns, tracking)
        stands = self.max_tracking_id(tracking.application_name)
        return [] if stands == tracking.notification_id else None
