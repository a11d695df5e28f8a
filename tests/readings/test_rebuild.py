"""Can analysts go on reading, and is the result the same, while a reading is rebuilt?"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import psycopg2
import pytest

from domain.enrolment.facts import LearnerEnrolled, LearnerWithdrawn
from domain.streams import REGISTRY
from infra.stores.postgres import PostgresStore
from infra.stores.reading import read_pool
from infra.stores.views import PostgresViews
from projections.ports import StoreUnavailable
from projections.register import READINGS
from streams.runner.runner import Runner
from tests.readings import histories as h
from tests.readings.recorded import Recorded, filled, kept_up
from tests.server import eventually

LEARNERS = 300
SUMS = (
    "select md5(string_agg(e::text, '|' order by run, subject)) from views.enrolments e",
    "select md5(string_agg(i::text, '|' order by run, subject, item)) from views.item_progress i",
    "select md5(string_agg(t::text, '|' order by run)) from views.run_totals t",
    "select md5(string_agg(t::text, '|' order by run, item)) from views.item_totals t",
    "select md5(string_agg(d::text, '|' order by run, day)) from views.run_daily d",
    "select md5(string_agg(y::text, '|' order by subject, position)) from views.history y",
    "select md5(string_agg(s::text, '|' order by entry)) from views.search s",
    "select md5(string_agg(r::text, '|' order by run)) from views.runs r",
)


@pytest.fixture
def log() -> Recorded:
    """A run with some hundred learners."""
    log = filled(h.CATALOGUE)
    for n in range(LEARNERS):
        log.add(
            h.enrolment(f"s{n}"), LearnerEnrolled("audit"), h.submitted(), h.graded(str(n % 101))
        )
    return log


def checksums(dsn: str) -> list[str]:
    """Return a checksum of every view."""
    with psycopg.connect(dsn) as connection:
        connection.execute("set registrar.tenant = 'main'")
        return [connection.execute(sql).fetchone()[0] for sql in SUMS]  # type: ignore[arg-type, index]


@contextmanager
def analyst(dsn: str) -> Iterator[list[str]]:
    """Read views again and again, as BI tools connect, and gather what went wrong."""
    wrong: list[str] = []
    stop, reading = threading.Event(), threading.Event()

    def read() -> None:
        connection = psycopg2.connect(dsn)
        try:
            while not stop.is_set():
                with connection, connection.cursor() as cursor:
                    cursor.execute("select count(*) from views.enrolments")
                    (learners,) = cursor.fetchone()
                    cursor.execute("select sum(enrolled) from views.run_totals")
                    (total,) = cursor.fetchone()
                    if not (learners >= LEARNERS and total >= LEARNERS):
                        wrong.append(f"{learners} learners, {total} enrolled")
                reading.set()
        except psycopg2.Error as error:
            wrong.append(str(error))
        finally:
            reading.set()
            connection.close()

    thread = threading.Thread(target=read)
    thread.start()
    reading.wait(10)
    try:
        yield wrong
    finally:
        stop.set()
        thread.join()


def test_a_rebuild_gives_the_same_while_everybody_reads_on(
    dsn: str, kept: PostgresStore, log: Recorded
) -> None:
    """No view is ever broken or empty, and every one has the same rows afterwards."""
    kept_up(log, kept).stop()
    before = checksums(dsn)
    with analyst(dsn) as wrong:
        for _ in range(3):
            for reading in READINGS:
                kept.ask(reading.name, "rebuild")
            Runner(log, kept, kept, READINGS, REGISTRY, page_facts=100).run_until_idle()
    assert wrong == []
    assert checksums(dsn) == before
    assert {state.generation for state in kept.states()} == {4}


def test_facts_recorded_during_a_rebuild_are_in_both(
    dsn: str, kept: PostgresStore, log: Recorded
) -> None:
    """The live tables are kept up until the new ones take over."""
    runner = kept_up(log, kept)
    kept.ask("progress", "rebuild")
    slow = Runner(log, kept, kept, READINGS, REGISTRY, page_facts=50)
    for n in range(5):
        slow.step()
        log.add(h.enrolment(f"s{n}"), LearnerWithdrawn())
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "select count(*) from views.enrolments where status = 'withdrawn'"
        ).fetchone()
    assert row is not None
    assert row[0] > 0
    slow.run_until_idle()
    runner.stop()
    live = checksums(dsn)
    kept.ask("progress", "rebuild")
    kept_up(log, kept).stop()
    assert checksums(dsn) == live


def test_a_long_read_puts_the_change_over_off_and_is_not_disturbed(
    dsn: str, kept: PostgresStore, log: Recorded
) -> None:
    """The rebuild waits beside; when the reader is done, it takes over."""
    kept_up(log, kept).stop()
    kept.ask("progress", "rebuild")
    runner = Runner(log, kept, kept, READINGS, REGISTRY)
    with psycopg.connect(dsn) as reader:
        reader.execute("select count(*) from views.enrolments")
        with pytest.raises(StoreUnavailable):
            runner.run_until_idle()
        found = reader.execute("select count(*) from views.enrolments").fetchone()
        assert found == (LEARNERS,)
    runner.run_until_idle()
    runner.stop()
    progress = [s for s in kept.states() if s.name == "progress"]
    assert [(s.generation, s.live) for s in progress] == [(2, True)]


def test_everybody_can_see_how_a_reading_is_doing(
    dsn: str, kept: PostgresStore, log: Recorded
) -> None:
    """Lag against the log's head, a rebuild's progress, a fault."""
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into log.facts (position, recorded_at, version, stream, type, tenant, body)"
            " values (%s, now() - interval '1 minute', %s, 's', 't', 'main', '')",
            [(n, n) for n in range(1, len(log.rows) + 1)],
        )
    (reading,) = (one for one in READINGS if one.name == "progress")
    runner = Runner(log, kept, kept, (reading,), REGISTRY, page_facts=400)
    runner.step()
    (behind,) = kept.status()
    assert (behind.state, behind.position, behind.head) == ("catching-up", 400, len(log.rows))
    assert behind.lag_positions == len(log.rows) - 400
    assert 59 < behind.lag_seconds < 600
    runner.run_until_idle()
    (done,) = kept.status()
    assert (done.state, done.lag_seconds, done.error) == ("live", 0.0, None)
    kept.ask("progress", "rebuild")
    runner = Runner(log, kept, kept, (reading,), REGISTRY, page_facts=400)
    runner.step()
    (building,) = kept.status()
    assert (building.state, building.progress) == ("rebuilding", 400 / len(log.rows))
    runner.stop()


def test_a_lost_connection_is_made_again(dsn: str, kept: PostgresStore, log: Recorded) -> None:
    """What was not written is taken in again, and nothing twice."""
    runner = kept_up(log, kept)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'registrar-readings'"
        )
    log.add(h.enrolment("s1"), LearnerWithdrawn())

    def caught_up() -> bool:
        try:
            runner.step()
            return {s.position for s in kept.states()} == {len(log.rows)}
        except StoreUnavailable:
            return False

    eventually(caught_up, 20, "the readings catch up")
    runner.stop()


def test_a_snapshot_taken_before_the_change_over_is_not_shown_newer_tables(
    dsn: str, kept: PostgresStore, log: Recorded
) -> None:
    """Queries hold the views before they look: a rebuild takes over before or after, not within."""
    kept_up(log, kept).stop()

    async def read() -> tuple[int, int]:
        pool = read_pool(dsn, 2)
        async with pool, PostgresViews(pool).at("main", "progress") as snapshot:
            kept.ask("progress", "rebuild")
            runner = Runner(log, kept, kept, READINGS, REGISTRY)
            with pytest.raises(StoreUnavailable):
                await asyncio.to_thread(runner.run_until_idle)
            (row,) = await snapshot.rows("select count(*) as learners from views.enrolments")
            runner.stop()
            return snapshot.position, row["learners"]

    assert asyncio.run(read()) == (len(log.rows), LEARNERS)


def test_one_process_moves_the_readings_and_another_stands_by(
    dsn: str, kept: PostgresStore, log: Recorded
) -> None:
    """It takes over when the first is gone."""
    runner = kept_up(log, kept)
    standby = PostgresStore(dsn)
    other = Runner(log, standby, standby, READINGS, REGISTRY)
    log.add(h.enrolment("s1"), LearnerWithdrawn())
    assert not other.step()
    assert {state.position for state in standby.states()} == {len(log.rows) - 1}
    runner.stop()
    kept.close()

    def taken_over() -> bool:
        other.step()
        return {state.position for state in standby.states()} == {len(log.rows)}

    eventually(taken_over, 20, "the standby takes over")
    other.stop()
    standby.close()
