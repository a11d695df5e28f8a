"""Which defects of the library's default recorder does the log not have?

Each promise is kept over the log, and the same steps show, as a control, that the library's own
PostgreSQL recorders break it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem, DCBRecorder
from eventsourcing.dcb.persistence import DCBInfrastructureFactory
from eventsourcing.persistence import (
    ApplicationRecorder,
    InfrastructureFactory,
    IntegrityError,
    PersistenceError,
    StoredEvent,
)
from eventsourcing.utils import Environment

from commands.requests import Recorded
from domain.streams import REGISTRY
from infra.keys.memory import MemoryKeys
from infra.log.postgres import PostgresLog
from tests.conformance.library import DEFAULT, DEFAULT_TAGGED, OURS, environment
from tests.databases import Databases
from tests.log.facts import run
from tests.log.proxy import Proxy, proxied
from tests.pipeline.conftest import Process, schedule
from tests.server import eventually

SECONDS_MAX = 20.0
"""Within which what is promised has to happen."""
SILENCE_SECONDS = 2.0
"""Without anything happening for so long, it does not happen."""
WITH_FUNCTIONS = {"POSTGRES_ENABLE_DB_FUNCTIONS": "y"}
HELD = {
    OURS: (
        "select log.append_one(null, null, null, 'main/aggregate/tested/{id}', 1, 'topic', 'main',"
        ' null, convert_to(\'{{"id":"","type":"topic","schema":1,"stream":"",'
        '"occurred_at":"2026-01-01T00:00:00Z","tenant":"main","subject":null,"actor":"",'
        '"command_id":"","correlation_id":"","causation_id":null,"data":{{}}}}\', \'utf8\'), true)'
    ),
    DEFAULT: "select es_insert_events_uuid(array[row('{id}', 1, 'topic', '')::stored_event_uuid])",
}
"""An append that has begun and is not committed, as each recorder's own statement makes it."""


@contextmanager
def recorder(dsn: str, module: str, **more: str) -> Iterator[ApplicationRecorder]:
    settings = environment(dsn, module, **more)
    factory: InfrastructureFactory[Any] = InfrastructureFactory.construct(
        Environment("tested", settings)
    )
    try:
        yield factory.application_recorder()
    finally:
        factory.close()


def new() -> StoredEvent:
    return StoredEvent(uuid4(), 1, "topic", b"{}")


@contextmanager
def overtaken(dsn: str, of: ApplicationRecorder, module: str) -> Iterator[Future[Any]]:
    """Begin an append, let another one come, and commit the first at the end."""
    with psycopg.connect(dsn) as first, ThreadPoolExecutor(1) as pool:
        first.execute(HELD[module].format(id=uuid4()).encode())
        second = pool.submit(of.insert_events, [new()])
        with psycopg.connect(dsn, autocommit=True) as looking:
            waiting = "select count(*) from pg_locks where not granted"
            eventually(
                lambda: second.done() or looking.execute(waiting).fetchone() != (0,),
                SECONDS_MAX,
                "the second append to be done, or to wait for the first",
            )
        yield second
        first.commit()
        second.result(SECONDS_MAX)


@pytest.mark.parametrize("module", [OURS, DEFAULT])
def test_a_reader_by_position_misses_nothing(dsn: str, module: str) -> None:
    """Who has read up to a position never has to look back: positions are given in the order of
    commits. The library's, with its database functions, gives them before."""
    with recorder(dsn, module, **WITH_FUNCTIONS) as one:
        with overtaken(dsn, one, module):
            early = one.select_notifications(0, 10, inclusive_of_start=False)
        last = early[-1].id if early else 0
        late = one.select_notifications(last, 10, inclusive_of_start=False)
    read = [notification.id for notification in (*early, *late)]
    assert read == ([1, 2] if module == OURS else [2])


@pytest.mark.parametrize("module", [OURS, DEFAULT])
def test_positions_have_no_holes(dsn: str, module: str) -> None:
    """A refused append uses no position up; the library's leaves a hole, which a reader cannot tell
    from an append that is still under way."""
    with recorder(dsn, module) as one:
        taken = new()
        one.insert_events([taken])
        with pytest.raises(IntegrityError):
            one.insert_events([taken])
        assert one.insert_events([new()]) == ([2] if module == OURS else [3])


@pytest.mark.parametrize("module", [OURS, DEFAULT])
def test_a_subscription_loses_nothing(dsn: str, module: str) -> None:
    """Each event reaches each subscription; the library's, with its database functions, passes over
    one that commits late, for ever."""
    with recorder(dsn, module, **WITH_FUNCTIONS) as one, one.subscribe(gt=0) as subscription:
        heard: list[int] = []
        with overtaken(dsn, one, module) as second:
            if second.done():
                heard.append(next(subscription).id)
        one.insert_events([new()])
        while not heard or heard[-1] != 3:
            heard.append(next(subscription).id)
    assert heard == ([1, 2, 3] if module == OURS else [2, 3])


@pytest.mark.parametrize("module", [OURS, DEFAULT])
def test_an_append_whose_answer_was_lost_is_no_conflict(dsn: str, module: str) -> None:
    """The connection breaks after the commit: the caller gets the positions, and the log holds the
    events once. The library tries again and takes what it finds for somebody else's."""

    def work(proxy: Proxy, through: str) -> None:
        with recorder(through, module) as one:
            one.insert_events([new()])
            proxy.cut_at = b"base" if module == OURS else b"COMMIT"
            proxy.cut_replies = True
            if module == OURS:
                assert one.insert_events([new(), new()]) == [2, 3]
            else:
                with pytest.raises(IntegrityError):
                    one.insert_events([new(), new()])
            assert proxy.cuts == 1
            assert [stored.id for stored in one.select_notifications(1, 10)] == [1, 2, 3]

    async def test() -> None:
        async with proxied(dsn) as (proxy, through):
            await asyncio.to_thread(work, proxy, through)

    run(test())


@pytest.mark.parametrize("module", [OURS, DEFAULT])
def test_a_subscription_goes_on_after_the_database_restarts(
    databases_18: Databases, module: str
) -> None:
    """What is recorded after a crash of the server reaches who subscribed before it. The library's
    subscription does not outlive it."""
    server = databases_18.server
    with databases_18.fresh() as dsn, recorder(dsn, module) as one:
        heard: list[int] = []
        ended = threading.Event()

        def follow() -> None:
            try:
                with one.subscribe(gt=0) as subscription:
                    heard.extend(notification.id for notification in subscription)
            except PersistenceError:
                pass
            finally:
                ended.set()

        one.insert_events([new()])
        follower = threading.Thread(target=follow, daemon=True)
        follower.start()
        eventually(lambda: heard == [1], SECONDS_MAX, "the subscription to begin")
        pid = server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        server.start()
        with recorder(dsn, module) as another:
            another.insert_events([new()])
            if module == OURS:
                eventually(lambda: heard == [1, 2], SECONDS_MAX, "the event after the restart")
                return
            ended.wait(SILENCE_SECONDS)
            assert heard == [1]


LEARNERS = 40
FASTER = 2.0


def admit(one: DCBRecorder, learner: int) -> int:
    """Let a learner into the hot course, as the library's example does: read what bears the tag,
    append on condition that nothing newer does, and again. Return how many attempts it took."""
    query = DCBQuery([DCBQueryItem(types=["Admitted"], tags=["course-hot"])])
    for attempt in range(1, LEARNERS + 2):
        read = one.read(query)
        assert sum(1 for _ in read) < LEARNERS
        condition = DCBAppendCondition(query, after=read.head)
        with contextlib.suppress(IntegrityError):
            one.append([DCBEvent("Admitted", b"", ["course-hot", f"s{learner}"])], condition)
            return attempt
    raise AssertionError("never admitted")


def test_a_hot_course_does_not_collapse(dsn: str) -> None:
    """Learners who want into one course at once are decided one after another on what the earlier
    ones leave. With the library's tags each admission throws all other attempts away: they grow
    with the square of the learners, and the course fills slower by far."""

    async def here() -> float:
        async with PostgresLog(dsn, REGISTRY) as log:
            process = Process(log, MemoryKeys())
            await schedule(process, "HOT-2026", capacity=LEARNERS)
            began = time.monotonic()
            enrol = functools.partial(process.do, "enrol-learner", run="HOT-2026", mode="honor")
            answers = await asyncio.gather(*(enrol(subject=f"s{n}") for n in range(LEARNERS)))
            assert all(isinstance(answer, Recorded) for answer in answers)
            return time.monotonic() - began

    settings = environment(dsn, DEFAULT_TAGGED, POSTGRES_MAX_OVERFLOW=str(LEARNERS))
    factory: DCBInfrastructureFactory[Any] = DCBInfrastructureFactory.construct(
        Environment("hot", settings)
    )
    one = factory.dcb_recorder()
    began = time.monotonic()
    with ThreadPoolExecutor(LEARNERS) as pool:
        attempts = list(pool.map(functools.partial(admit, one), range(LEARNERS)))
    there = time.monotonic() - began
    factory.close()
    assert sum(attempts) > 3 * LEARNERS
    assert asyncio.run(here()) * FASTER < there
