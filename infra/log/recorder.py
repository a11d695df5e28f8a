"""How does an application of the ``eventsourcing`` library keep its aggregates in this log?

``PERSISTENCE_MODULE=infra.log.recorder`` with the library's own ``POSTGRES_*`` settings: its events
then stand among the other facts, in the same order of commits, on streams
``main/aggregate/{originator id}``. A notification's id is its position. Snapshots and tracking
records are not facts and go where the library puts them.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import msgspec
from eventsourcing import postgres as library
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    ListenNotifySubscription,
    Notification,
    ProcessRecorder,
    StoredEvent,
    Subscription,
)
from psycopg.rows import DictRow

from domain.registry import Body

PREFIX = "main/aggregate/"
AFTER_PREFIX = "main/aggregate0"
"""The first name that does not begin with the prefix: 0 follows / in the order of bytes."""
LISTEN_SECONDS_MAX = 0.1

_APPEND = """
select base, outcome from log.append(
  '{}', '{}', '{}', %(counts)b,
  %(write_requests)b, %(write_streams)b, %(write_versions)b,
  %(doubted_streams)b, %(doubted_versions)b, '{}', '{}', '{}', '{}', '{}',
  %(requests)b, %(streams)b, %(versions)b, %(types)b, %(tenants)b, array_fill(null::text, %(size)b),
  %(bodies)b)
"""
_COLUMNS = "select position, version, stream, body from log.facts"


class _State(msgspec.Struct, frozen=True):
    """An event of the library, in a fact's data."""

    topic: str
    state: str
    """Base64 of what the library's mapper made: JSON, perhaps compressed and encrypted."""


class LogRecorder(ApplicationRecorder):
    """The library's recorder over the log's table."""

    def __init__(self, datastore: library.PostgresDatastore) -> None:
        self.datastore = datastore

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        **kwargs: Any,  # noqa: ARG002  # the library's signature
    ) -> Sequence[int] | None:
        """Append all events or none, and return their positions.

        Raises the library's IntegrityError where a version is taken or would leave a gap.
        """
        if not stored_events:
            return []
        streams = [f"{PREFIX}{event.originator_id}" for event in stored_events]
        versions = [event.originator_version for event in stored_events]
        first: dict[str, int] = {}
        last: dict[str, int] = {}
        for stream, version in zip(streams, versions, strict=True):
            first.setdefault(stream, version)
            if version != last.get(stream, version - 1) + 1:
                raise IntegrityError(f"versions of {stream} are not consecutive")
            last[stream] = version
        bodies = [_body(stream, e) for stream, e in zip(streams, stored_events, strict=True)]
        with self.datastore.get_connection() as connection:
            row = connection.execute(
                _APPEND,
                {
                    "counts": [len(stored_events)],
                    "write_requests": [1] * len(first),
                    "write_streams": list(first),
                    "write_versions": [version - 1 for version in first.values()],
                    "doubted_streams": [stream for stream, v in first.items() if v > 1],
                    "doubted_versions": [v - 1 for v in first.values() if v > 1],
                    "requests": [1] * len(stored_events),
                    "streams": streams,
                    "versions": versions,
                    "types": [event.topic for event in stored_events],
                    "tenants": ["main"] * len(stored_events),
                    "size": [len(stored_events)],
                    "bodies": bodies,
                },
            ).fetchone()
        if row is None or row["outcome"] is not None:
            raise IntegrityError("an event's version is taken, or would leave a gap")
        base = int(row["base"])
        return list(range(base + 1, base + len(stored_events) + 1))

    def select_events(
        self,
        originator_id: uuid.UUID | str,
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
        high = 2**31 - 1 if lte is None else lte
        rows = self._rows(query, (f"{PREFIX}{originator_id}", gt or 0, high, limit))
        return [StoredEvent(originator_id, row["version"], *_event(row)) for row in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return the library's events in order of position."""
        after = (start or 0) - 1 if inclusive_of_start else (start or 0)
        query = (
            f"{_COLUMNS} where position > %s and position <= %s"
            " and stream > %s and stream < %s and (%s or type = any(%s))"
            " order by position limit %s"
        )
        high = 2**63 - 1 if stop is None else stop
        rows = self._rows(
            query, (after, high, PREFIX, AFTER_PREFIX, not topics, list(topics), limit)
        )
        return [
            Notification(
                self._originator(row["stream"]), row["version"], *_event(row), id=row["position"]
            )
            for row in rows
        ]

    def max_notification_id(self) -> int | None:
        """Return the last position of an event of the library, None if there is none."""
        rows = self._rows(
            "select position from log.facts where stream > %s and stream < %s"
            " order by position desc limit 1",
            (PREFIX, AFTER_PREFIX),
        )
        return int(rows[0]["position"]) if rows else None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Follow the library's events after a position, as they are recorded."""
        return LogSubscription(self, gt=gt, topics=topics)

    def _originator(self, stream: str) -> uuid.UUID | str:
        name = stream.removeprefix(PREFIX)
        return uuid.UUID(name) if self.datastore.originator_id_type == "uuid" else name

    def _rows(self, query: str, parameters: Sequence[Any]) -> list[DictRow]:
        with self.datastore.get_connection() as connection:
            cursor = connection.cursor(binary=True)
            return cursor.execute(query.encode(), parameters, prepare=True).fetchall()


class LogSubscription(ListenNotifySubscription[ApplicationRecorder]):
    """Wakes on the log's notifications."""

    def __init__(self, recorder: LogRecorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._datastore = recorder.datastore
        self._listener = Thread(target=self._listen)
        self._listener.start()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        try:
            super().__exit__(*args, **kwargs)
        finally:
            self._listener.join()

    def _listen(self) -> None:
        try:
            with self._datastore.get_connection() as connection:
                connection.execute("listen log")
                self._has_been_notified.set()  # for what was recorded before it listened
                while not self._has_been_stopped and not self._thread_error:
                    for _ in connection.notifies(timeout=LISTEN_SECONDS_MAX, stop_after=1):
                        self._has_been_notified.set()
                connection.execute("unlisten log")
        except BaseException as error:
            self._thread_error = self._thread_error or error
            self.stop()


class LogFactory(library.PostgresFactory):
    """What the library builds an application's infrastructure with."""

    def application_recorder(self) -> ApplicationRecorder:
        """Return the recorder over the log, whose schema is migrated already."""
        return LogRecorder(self.datastore)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Return the recorder over the log for events, the library's own for snapshots."""
        if purpose == "events":
            return LogRecorder(self.datastore)
        return super().aggregate_recorder(purpose)

    def process_recorder(self) -> ProcessRecorder:
        """Not offered: followers of this log are readings and policies."""
        raise NotImplementedError("process applications are not kept in this log")


def _body(stream: str, event: StoredEvent) -> bytes:
    new_id = str(uuid.uuid4())
    state = _State(event.topic, base64.b64encode(event.state).decode())
    return msgspec.json.encode(
        Body(
            id=new_id,
            type=event.topic,
            schema=1,
            stream=stream,
            occurred_at=datetime.now(UTC),
            tenant="main",
            subject=None,
            actor="eventsourcing",
            command_id=new_id,
            correlation_id=new_id,
            causation_id=None,
            data=msgspec.Raw(msgspec.json.encode(state)),
        )
    )


def _event(row: DictRow) -> tuple[str, bytes]:
    body = msgspec.json.decode(row["body"], type=Body)
    state = msgspec.json.decode(body.data, type=_State)
    return state.topic, base64.b64decode(state.state)
