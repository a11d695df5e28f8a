"""How fast does the eventsourcing library's ProjectionRunner keep one reading of the same facts?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from domain.kernel import Envelope
from domain.streams import REGISTRY

WAIT_SECONDS_MAX = 120.0
INSERTED_EVENTS_MAX = 20
"""Its pipelined insert of some hundred events at once never comes back."""


class Recorded(DomainEvent):
    """A fact of ours as an event of the library's."""

    body: str


class Learning(Application[UUID]):
    """Holds the events."""

    is_snapshotting_enabled = False


class Enrolments(PostgresTrackingRecorder):
    """One row an enrolment: how many facts there are of it, and the latest."""

    def __init__(self, datastore: PostgresDatastore, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        table = (Identifier(self.datastore.schema), Identifier("library_enrolments"))
        self.sql_create_statements.append(
            SQL(
                "create table if not exists {}.{}"
                " (stream text primary key, facts bigint not null, latest text not null)"
            ).format(*table)
        )
        self.upsert = SQL(
            "insert into {}.{} as t values (%s, 1, %s) on conflict (stream)"
            " do update set facts = t.facts + 1, latest = excluded.latest"
        ).format(*table)

    def count(self, stream: str, latest: str, tracking: Tracking) -> None:
        """Count a fact, in one transaction with the position."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self.upsert, (stream, latest))


class EnrolmentsProjection(Projection[Enrolments]):
    """Counts the facts of each stream."""

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Take one event in."""
        fact = REGISTRY.decode(0, domain_event.timestamp, 1, domain_event.body.encode())
        self.view.count(fact.stream, fact.type, tracking)


def library_rate(dsn: str, facts: Sequence[Envelope]) -> float:
    """Return the facts per second that the library's runner takes into one reading."""
    address = conninfo_to_dict(dsn)
    env = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(address["dbname"]),
        "POSTGRES_HOST": str(address["host"]),
        "POSTGRES_PORT": str(address.get("port", 5432)),
        "POSTGRES_USER": str(address["user"]),
        "POSTGRES_PASSWORD": str(address.get("password", "")),
    }
    events = [
        Recorded(  # type: ignore[call-arg]  # the library makes dataclasses of event classes
            originator_id=uuid5(NAMESPACE_URL, fact.stream),
            originator_version=fact.version,
            timestamp=fact.recorded_at,
            body=REGISTRY.encode(fact).decode(),
        )
        for fact in facts
    ]
    application = Learning(env=env)
    stored = [application.mapper.to_stored_event(event) for event in events]
    for first in range(0, len(stored), INSERTED_EVENTS_MAX):
        application.recorder.insert_events(stored[first : first + INSERTED_EVENTS_MAX])
    last = application.recorder.max_notification_id()
    begun = time.perf_counter()
    with ProjectionRunner(
        application_class=Learning,
        projection_class=EnrolmentsProjection,
        view_class=Enrolments,
        env=env,
    ) as runner:
        runner.wait(last, timeout=WAIT_SECONDS_MAX)
        seconds = time.perf_counter() - begun
    application.close()
    return len(facts) / seconds
