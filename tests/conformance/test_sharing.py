"""Do applications of the eventsourcing library and commands share one log?"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    ProgrammingError,
    StoredEvent,
)
from eventsourcing.projection import ApplicationSubscription
from eventsourcing.utils import register_topic

from domain.kernel import Fact, StreamKind
from domain.registry import Registry
from infra.log.postgres import PostgresLog
from infra.log.reader import PostgresLogReader
from infra.log.recorder import LogFactory
from projections.decoding import decode
from tests.conformance.library import environment
from tests.log.facts import REGISTRY, append, fact
from tests.read_api.world import furnish, world


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


def settings(dsn: str) -> dict[str, str]:
    return environment(dsn, IS_SNAPSHOTTING_ENABLED="y")


def test_an_application_saves_reads_and_notifies(dsn: str) -> None:
    """Aggregates are saved, read back, snapshotted, and stand in the notification log."""
    with School(settings(dsn)) as school:
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

    with School(settings(dsn)) as school:
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


class Kennel(Application[UUID]):
    """Another application in the same log."""


def test_applications_do_not_see_each_other(dsn: str) -> None:
    """Each has its own aggregates and notifications, under one count of positions."""
    with School(settings(dsn)) as school, Kennel(settings(dsn)) as kennel:
        dog = Dog("Fido")
        school.save(dog)
        kennel.save(Dog("Rex"))
        assert [n.id for n in school.notification_log.select(1, 10)] == [1]
        assert [n.id for n in kennel.notification_log.select(1, 10)] == [2]
        assert dog.id not in kennel.repository
        for one in (school, kennel):
            one.close()


def test_a_conflict_is_the_librarys_integrity_error(dsn: str) -> None:
    """A version that is taken, or leaves a gap, records nothing of the call."""
    factory = LogFactory(settings(dsn))
    recorder = cast("ApplicationRecorder", factory.application_recorder())
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
    with pytest.raises(IntegrityError):  # it began at 1: nothing may come before
        recorder.insert_events([StoredEvent(one, 0, "topic", b"")])
    assert recorder.insert_events([]) == []
    assert recorder.select_events(two) == []
    assert recorder.select_events(one) == [StoredEvent(one, 1, "topic", b"\0state")]
    assert recorder.insert_events(
        [StoredEvent(one, 2, "other", b""), StoredEvent(two, 0, "topic", b"")]
    ) == [2, 3]
    assert [n.id for n in recorder.select_notifications(1, 10, topics=["topic"])] == [1, 3]
    assert [n.id for n in recorder.select_notifications(1, 10, 2, inclusive_of_start=False)] == [2]
    assert [e.originator_version for e in recorder.select_events(one, desc=True, limit=1)] == [2]
    assert [e.originator_version for e in recorder.select_events(one, gt=1, lte=2)] == [2]
    factory.close()


@pytest.mark.parametrize(
    "state",
    [b'{"name":"Fido"}', b' {"name": "Fido"}\n', b'{"base64":"AA=="}', b"[1]", b"", b"\xff{"],
)
def test_states_come_back_byte_for_byte(dsn: str, state: bytes) -> None:
    """Whatever a mapper makes of an event is what it gets back."""
    factory = LogFactory(settings(dsn))
    recorder = cast("ApplicationRecorder", factory.application_recorder())
    stored = StoredEvent(uuid4(), 1, "topic", state)
    recorder.insert_events([stored])
    assert recorder.select_events(stored.originator_id) == [stored]
    factory.close()


@dataclass(frozen=True)
class Graded:
    """What a reader with the library alone wants of a graded submission."""

    originator_id: str
    originator_version: int
    timestamp: datetime
    item: str
    raw: str
    grader: str


class Reader(Application[str]):
    """Reads the facts that commands recorded."""


def test_what_commands_record_is_read_by_a_plain_application(dsn: str) -> None:
    """A class with the fact's fields and its name as topic is all that a reader brings."""
    with world(dsn) as one:
        furnish(one)
    register_topic("SubmissionGraded", Graded)
    more = {"LOG_STREAMS": "main/", "ORIGINATOR_ID_TYPE": "text"}
    with Reader(environment(dsn, **more)) as reader:
        with ApplicationSubscription(reader, gt=0, topics=["SubmissionGraded"]) as followed:
            (first, _), (second, tracking) = next(followed), next(followed)
        assert isinstance(first, Graded)
        assert isinstance(second, Graded)
        assert (first.originator_id, first.item, first.raw) == (
            "enrolment/AAA-2013J/s1", "1752", "78",
        )  # fmt: skip
        assert first.timestamp == datetime(2013, 10, 18, 18, tzinfo=UTC)
        assert second.originator_version > first.originator_version
        recorder = reader.recorder
        assert tracking.notification_id in {
            n.id for n in recorder.select_notifications(1, 1_000, topics=["SubmissionGraded"])
        }
        stream = recorder.select_events("enrolment/AAA-2013J/s1")
        assert [e.originator_version for e in stream] == list(range(1, len(stream) + 1))
        with pytest.raises(ProgrammingError, match="recorded by commands"):
            recorder.insert_events([StoredEvent("enrolment/AAA-2013J/s1", 99, "Passed", b"{}")])
        reader.close()


class Cat(Aggregate):
    """An aggregate whose event has a topic of its own."""

    class Registered(Aggregate.Created):
        """A cat came."""

        TOPIC = "CatRegistered"
        name: str

    @event(Registered)
    def __init__(self, name: str) -> None:
        self.name = name


class CatRegistered(Fact, frozen=True):
    """What a reading wants of a cat."""

    name: str


def test_what_a_plain_application_records_is_read_as_facts(dsn: str) -> None:
    """A fact class under the topic's name reads it; readings that know none pass over it."""
    with School(settings(dsn)) as school:
        cat = Cat("Tom")
        school.save(cat)
        school.close()
    kind: StreamKind[None] = StreamKind("aggregate", None, lambda *_: None, (CatRegistered,))
    reader = PostgresLogReader(dsn)
    (read,) = decode(reader.page(0, 10), Registry((kind,)), frozenset({"CatRegistered"}))
    reader.close()
    assert read.fact == CatRegistered("Tom")  # type: ignore[union-attr]
    assert read.stream == f"main/aggregate/school/{cat.id}"
    assert read.occurred_at == cat.created_on  # type: ignore[union-attr]
    with world(dsn) as one:
        furnish(one)
        found = one.get("learners/s1/history")
        assert "incomplete" not in found
        (told,) = one.run(one.reads.log.at("main", [1]))
        assert (told.type, told.stream) == ("CatRegistered", read.stream)
        assert [r["parked"] for r in one.ask("/readyz").json()["readings"] if r["parked"]] == []
