"""How does the log serve applications whose conditions are queries by type and tag?

The library's ``eventsourcing.dcb``: an append holds if no event recorded after a position matches
a query. Events are facts on one stream per application; ``log.tags`` finds them by their tags.
Appends under the log's one lock, so that condition and append are one; what is appended otherwise
never looks at tags.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
from eventsourcing.dcb.api import (
    DCBAppendCondition,
    DCBEvent,
    DCBQuery,
    DCBReadResponse,
    DCBRecorder,
    DCBSequencedEvent,
)
from eventsourcing.dcb.popo import SimpleDCBReadResponse
from eventsourcing.persistence import IntegrityError, ProgrammingError
from eventsourcing.postgres import PostgresDatastore
from eventsourcing.utils import retry
from psycopg.rows import DictRow

from infra.log.recorder import bodies
from infra.log.recorder.events import ATTEMPT_SECONDS, ATTEMPTS_MAX, LOST, POSITION_MAX
from infra.log.recorder.subscription import TaggedSubscription

KEY_DAYS = 1
"""How long an append is known by its key: longer than any attempt lasts."""

_APPEND = """
select log.append_tagged(%(key)b, %(days)b, %(stream)b, %(condition)s::jsonb, %(after)b,
  %(types)b, %(tenant)b, %(bodies)b, %(tags)s::jsonb) as base
"""
_HEAD = "select position from log.facts order by position desc limit 1"
_READ = """
select f.position, f.body
  from log.tagged(%(stream)b, %(query)s::jsonb, %(after)b, %(limit)b) t(position)
  join log.facts f on f.position = t.position order by f.position
"""


class TaggedLogRecorder(DCBRecorder):
    """Events of one application of ``eventsourcing.dcb`` in the log's table."""

    def __init__(self, datastore: PostgresDatastore, stream: str) -> None:
        self.datastore = datastore
        self._stream = stream

    @retry(LOST, max_attempts=ATTEMPTS_MAX, wait=ATTEMPT_SECONDS)
    def read(
        self, query: DCBQuery | None = None, *, after: int | None = None, limit: int | None = None
    ) -> DCBReadResponse:
        """Return the events that match, in order; the head is the log's end, or the last event's
        position where a limit is given."""
        values = {
            "stream": self._stream,
            "query": _items(query),
            "after": after or 0,
            "limit": POSITION_MAX if limit is None else limit,
        }
        with self.datastore.get_connection() as connection, connection.cursor(binary=True) as asked:
            # The head first: an event beyond it is then among those that are read.
            head = None if limit is not None else asked.execute(_HEAD, prepare=True).fetchone()
            rows = asked.execute(_READ, values, prepare=True).fetchall()
        events = [_sequenced(row) for row in rows]
        last = events[-1].position if events else None
        if head is not None:
            last = max(head["position"], last or 0)
        return SimpleDCBReadResponse(iter(events), last)

    def append(
        self, events: Sequence[DCBEvent], condition: DCBAppendCondition | None = None
    ) -> int:
        """Append all events and return the last one's position.

        Raises IntegrityError where an event matches the condition, ProgrammingError where there is
        nothing to append.
        """
        if not events:
            raise ProgrammingError("an append has at least one event")
        fails_on = None if condition is None else _items(condition.fail_if_events_match)
        position: int = self._attempt(
            {
                "key": f"tagged:{uuid.uuid4()}",
                "days": KEY_DAYS,
                "stream": self._stream,
                "condition": fails_on,
                "after": (condition.after if condition else None) or 0,
                "types": [event.type for event in events],
                "tenant": bodies.TENANT,
                "bodies": [
                    bodies.body_of_tagged(self._stream, event.type, event.data, event.tags)
                    for event in events
                ],
                "tags": msgspec.json.encode([event.tags for event in events]).decode(),
            }
        )
        return position

    @retry(LOST, max_attempts=ATTEMPTS_MAX, wait=ATTEMPT_SECONDS)
    def _attempt(self, values: dict[str, Any]) -> int:
        """Append under a key, so that an attempt whose answer was lost is not made again."""
        with self.datastore.get_connection() as connection:
            row = connection.execute(_APPEND, values).fetchone()
        if row is None or row["base"] is None:
            raise IntegrityError("an event that was recorded meanwhile matches the condition")
        return int(row["base"]) + len(values["types"])

    def subscribe(
        self, query: DCBQuery | None = None, *, after: int | None = None
    ) -> TaggedSubscription[TaggedLogRecorder]:
        """Follow the events that match, as they are recorded."""
        return TaggedSubscription(self, self.datastore, query, after)


def _items(query: DCBQuery | None) -> str:
    items = [{"types": i.types, "tags": i.tags} for i in query.items] if query else []
    return msgspec.json.encode(items).decode()


def _sequenced(row: DictRow) -> DCBSequencedEvent:
    return DCBSequencedEvent(DCBEvent(*bodies.tagged_of(row["body"])), row["position"])
