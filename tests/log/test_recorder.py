"""Does an application of the eventsourcing library run over the log's table?"""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError, StoredEvent

from infra.log.postgres import PostgresLog
from infra.log.recorder import LogFactory, LogRecorder
from tests.log.facts import REGISTRY, append, fact


class Dog(Aggregate):
    """The library's own example."""

    @event("Registered")
    def __init__(self, name: str) -> None:
        self.name = name
        self.tricks: list[str] = []

    @event("TrickAdded")
    def add_trick(self, trick: str) -> None:
        """Learn a trick."""
        self.tricks.append(trick)


class School(Application[UUID]):
    """An application as the library's readers write it."""


def environment(dsn: str) -> dict[str, str]:
    """The library's settings for a database."""
    parts = urlsplit(dsn)
    return {
        "PERSISTENCE_MODULE": "infra.log.recorder",
        "POSTGRES_DBNAME": parts.path.removeprefix("/"),
        "POSTGRES_HOST": parse_qs(parts.query)["host"][0],
        "POSTGRES_PORT": "5432",
        "POSTGRES_USER": parts.username or "",
        "POSTGRES_PASSWORD": "none",
        "IS_SNAPSHOTTING_ENABLED": "y",
    }


def test_an_application_saves_reads_and_notifies(dsn: str) -> None:
    """Aggregates are saved, read back, snapshotted, and stand in the notification log."""
    with School(environment(dsn)) as school:
        dog = Dog("Fido")
        dog.add_trick("roll over")
        school.save(dog)
        dog.add_trick("fetch")
        school.save(dog)
        school.take_snapshot(dog.id)
        copy: Dog = school.repository.get(dog.id)
        assert copy.tricks == ["roll over", "fetch"]
        assert school.repository.get(dog.id, version=2).tricks == ["roll over"]
        section = school.notification_log.select(start=1, limit=10)
        assert [notification.id for notification in section] == [1, 2, 3]
        assert {notification.originator_id for notification in section} == {dog.id}
        school.close()


def test_events_share_the_log_with_other_facts(dsn: str) -> None:
    """Positions count through; the library sees its own events only; bodies are whole."""

    async def note() -> None:
        async with PostgresLog(dsn, REGISTRY) as log:
            await log.submit(append(fact("a", 1)))

    with School(environment(dsn)) as school:
        school.save(Dog("Fido"))
        asyncio.run(note())
        school.save(Dog("Rex"))
        section = school.notification_log.select(start=1, limit=10)
        assert [notification.id for notification in section] == [1, 3]
        assert school.recorder.max_notification_id() == 3
        school.close()
    with psycopg.connect(dsn) as connection:
        same = "convert_from(body, 'utf8')::jsonb ->> 'type' = type"
        rows = connection.execute(f"select {same} from log.facts").fetchall()  # noqa: S608
        assert rows == [(True,)] * 3


def test_a_conflict_is_the_librarys_integrity_error(dsn: str) -> None:
    """A version that is taken, or leaves a gap, records nothing of the call."""
    factory = LogFactory(environment(dsn))
    recorder = factory.application_recorder()
    assert isinstance(recorder, LogRecorder)
    one, two = uuid4(), uuid4()
    assert recorder.insert_events([StoredEvent(one, 1, "topic", b"\0state")]) == [1]
    for version in (1, 3):
        with pytest.raises(IntegrityError):
            recorder.insert_events(
                [StoredEvent(two, 1, "topic", b""), StoredEvent(one, version, "topic", b"")]
            )
    with pytest.raises(IntegrityError):
        recorder.insert_events(
            [StoredEvent(two, 1, "topic", b""), StoredEvent(two, 3, "topic", b"")]
        )
    assert recorder.insert_events([]) == []
    assert recorder.select_events(two) == []
    assert recorder.select_events(one) == [StoredEvent(one, 1, "topic", b"\0state")]
    assert recorder.insert_events(
        [StoredEvent(one, 2, "other", b""), StoredEvent(two, 1, "topic", b"")]
    ) == [2, 3]
    assert [n.id for n in recorder.select_notifications(1, 10, topics=["topic"])] == [1, 3]
    assert [n.id for n in recorder.select_notifications(1, 10, 2, inclusive_of_start=False)] == [2]
    assert [e.originator_version for e in recorder.select_events(one, desc=True, limit=1)] == [2]
    assert [e.originator_version for e in recorder.select_events(one, gt=1, lte=2)] == [2]
    factory.close()


def test_a_subscription_yields_old_events_and_new_ones(dsn: str) -> None:
    """Who follows gets what is there and then what comes, in order."""
    factory = LogFactory(environment(dsn))
    recorder = factory.application_recorder()
    originator = uuid4()
    recorder.insert_events([StoredEvent(originator, 1, "topic", b"one")])
    with recorder.subscribe(gt=0) as subscription:
        assert next(subscription).state == b"one"
        recorder.insert_events([StoredEvent(originator, 2, "topic", b"two")])
        assert next(subscription).state == b"two"
    factory.close()
