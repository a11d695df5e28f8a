"""Do answers, waits and health tell the truth of readings that several workers keep?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest

from infra.log.notices import Notices
from infra.stores.positions import PostgresPositions, least
from infra.stores.postgres import PostgresStore
from infra.stores.reading import read_pool
from infra.stores.views import PostgresViews
from infra.web.metrics import Metrics, look_at_readings
from projections.partitions import partition_of
from projections.register import READINGS
from projections.status import ReadingStatus
from read_api.errors import NotYet
from read_api.routes.health import readiness
from tests.read_api.world import World

PARTITIONS = 4
MINE, OTHER = "s1", "s5"
"""Learners in different partitions, neither of which is the first."""


@pytest.fixture
def parts(dsn: str) -> Iterator[Parts]:
    """Readings in four partitions, made and live."""
    store = PostgresStore(dsn)
    try:
        for reading in READINGS:
            store.create(reading, "e", PARTITIONS)
        yield Parts(dsn, store)
    finally:
        store.close()


class Parts:
    """What the workers write, without workers."""

    def __init__(self, dsn: str, store: PostgresStore) -> None:
        self.dsn = dsn
        self.store = store
        self.execute("update readings.state set alive_at = clock_timestamp()")

    def execute(self, statement: str, **values: Any) -> None:
        with psycopg.connect(self.dsn) as connection:
            connection.execute(statement, values)  # type: ignore[arg-type]

    def move(self, name: str, position: int, *partitions: int) -> None:
        self.execute(
            "update readings.state set position = %(position)s, moved_at = clock_timestamp()"
            " where name = %(name)s and partition = any(%(partitions)s)",
            name=name,
            position=position,
            partitions=list(partitions or range(PARTITIONS)),
        )

    def record(self, count: int, age_seconds: int = 0) -> None:
        """Put facts into the log, as if some time ago."""
        self.execute(
            "insert into log.facts (position, recorded_at, version, stream, type, tenant, body)"
            " select n, clock_timestamp() - make_interval(secs => %(age)s), n, 's', 't', 'main', ''"
            " from generate_series(1, %(count)s) n",
            count=count,
            age=age_seconds,
        )

    def status(self, name: str) -> ReadingStatus:
        return next(one for one in self.store.status() if one.name == name)


def test_a_learner_has_the_position_of_the_learners_partition() -> None:
    """Lists and sums have the least; courses and runs are kept by the first partition."""
    mine = partition_of(MINE, PARTITIONS)
    assert mine not in (0, partition_of(OTHER, PARTITIONS))
    ahead = dict.fromkeys(range(PARTITIONS), 5) | {mine: 9, 0: 7}
    level = dict.fromkeys(range(PARTITIONS), 9)
    assert least({"progress": ahead}, ["progress"], MINE) == 9
    assert least({"progress": ahead}, ["progress"], OTHER) == 5
    assert least({"progress": ahead}, ["progress"]) == 5
    assert least({"catalogue": ahead}, ["catalogue"], MINE) == 7
    assert least({"progress": ahead, "catalogue": ahead}, ["progress", "catalogue"], MINE) == 7
    assert least({"search": ahead}, ["search"], MINE) == 7
    assert least({"progress": ahead, "catalogue": level}, ["progress", "catalogue"], MINE) == 9
    assert least({"progress": ahead}, ["progress", "catalogue"], MINE) == 0
    assert least({"progress": {0: 6}}, ["progress"], MINE) == 6


def test_a_snapshot_states_the_position_of_what_it_is_about(parts: Parts) -> None:
    parts.move("progress", 5)
    parts.move("progress", 9, partition_of(MINE, PARTITIONS))
    parts.move("catalogue", 7)

    async def test() -> None:
        async with read_pool(parts.dsn, 2) as pool:
            views = PostgresViews(pool)
            async with views.at("main", "progress", subject=MINE) as snapshot:
                assert snapshot.position == 9
            async with views.at("main", "progress", "catalogue", subject=MINE) as snapshot:
                assert snapshot.position == 7
            async with views.at("main", "progress", "catalogue") as snapshot:
                assert snapshot.position == 5
            positions = PostgresPositions(pool, Notices())
            assert await positions.wait(["progress"], 9, 0, MINE) == 9
            assert await positions.wait(["progress"], 9, 0, OTHER) == 5
            assert await positions.wait(["progress"], 9, 0) == 5

    asyncio.run(test())


def test_a_reading_is_as_far_as_its_slowest_partition(parts: Parts, furnished: World) -> None:
    parts.record(10, age_seconds=8)
    for reading in READINGS:
        parts.move(reading.name, 10)
    parts.move("progress", 4, 2)
    status = parts.status("progress")
    assert (status.position, status.lag_positions, status.state) == (4, 6, "catching-up")
    assert status.lag_seconds >= 8
    assert [one.lag_positions for one in status.partitions] == [0, 0, 6, 0]
    assert parts.status("history").state == "live"
    health = furnished.run(readiness(furnished.but(status=parts.store).reads))
    progress = next(one for one in health.readings if one.name == "progress")
    assert [(one.number, one.position) for one in progress.partitions] == [
        (0, 10),
        (1, 10),
        (2, 4),
        (3, 10),
    ]
    assert progress.partitions[2].lag_seconds >= 8


def test_a_fault_of_one_partition_is_told(parts: Parts) -> None:
    parts.execute(
        "update readings.state set error = 'disk full' where name = 'progress' and partition = 3"
    )
    status = parts.status("progress")
    assert (status.state, status.error) == ("stalled", "partition 3: disk full")


def test_a_partition_that_stands_still_is_a_stall_though_others_move(parts: Parts) -> None:
    parts.record(10, age_seconds=60)
    parts.move("progress", 10)
    parts.execute(
        "update readings.state set position = 3, moved_at = clock_timestamp() - interval '40 s'"
        " where name = 'progress' and partition = 1"
    )
    assert parts.status("progress").state == "stalled"


@pytest.mark.parametrize("silent", [timedelta(seconds=11), None])
def test_a_partition_without_a_worker_is_a_fault_though_nothing_is_behind(
    parts: Parts, furnished: World, silent: timedelta | None
) -> None:
    """A health check that is green while a consumer is dead must never happen."""
    parts.record(10)
    for reading in READINGS:
        parts.move(reading.name, 10)
    assert {one.state for one in parts.store.status()} == {"live"}
    parts.execute(
        "update readings.state set moved_at = clock_timestamp() - interval '20 s',"
        " alive_at = clock_timestamp() - %(silent)s::interval"
        " where name = 'progress' and partition = 2",
        silent=silent,
    )
    status = parts.status("progress")
    assert (status.state, status.lag_positions) == ("stalled", 0)
    assert status.error is not None
    assert status.error.startswith("partition 2 has had no worker since ")
    one = furnished.but(status=parts.store)
    found = furnished.run(readiness(one.reads))
    assert not found.ready
    assert len(found.faults) == 1
    assert "progress" in found.faults[0]
    assert "partition 2" in found.faults[0]
    metrics = Metrics()
    furnished.run(look_at_readings(metrics, one.reads))
    told = partial(metrics.registry.get_sample_value, "registrar_reading_stalled")
    assert (told({"reading": "progress"}), told({"reading": "history"})) == (1, 0)


def test_a_worker_that_speaks_up_again_is_well(parts: Parts) -> None:
    parts.execute("update readings.state set alive_at = clock_timestamp() - interval '1 min'")
    assert parts.status("search").state == "stalled"
    parts.store.alive("search", list(range(PARTITIONS)))
    assert parts.status("search").state == "live"


def test_embedded_readings_need_no_worker(furnished: World) -> None:
    """One process reads for all of them, and says so in its own way."""
    for status in furnished.registrar.store.status():
        assert status.state != "stalled", status
        assert len(status.partitions) == 1


def test_a_wait_that_is_over_says_how_far_it_got(furnished: World) -> None:
    async def ask() -> int:
        try:
            async with furnished.reads.snapshot(
                "main", "progress", min_position=10**6, subject=MINE
            ):
                return 0
        except NotYet as error:
            return error.reached

    furnished.get("learners/s1")
    assert furnished.run(ask()) >= furnished.position
