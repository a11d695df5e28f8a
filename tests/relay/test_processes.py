"""What becomes of the facts when relays and Kafka die under load?"""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import psycopg

from infra.engines.kafka import Kafka
from streams import topics
from tests.relay.checker import check_events, check_packs, log_of, read_topic
from tests.relay.load import CANARY, Load, record
from tests.relay.process import RelayProcess, places, relays
from tests.server import eventually

PARTITIONS = 4
TAKE_OVER_SECONDS_MAX = 5.0
CATCH_UP_SECONDS_MAX = 30.0
KILLS = 3
AWAY_SECONDS = 3.0
RESUME_SECONDS_MAX = 2.0


def name() -> str:
    """A cluster of the test's own."""
    return f"test-{uuid.uuid4().hex[:8]}"


def leader(of: list[RelayProcess]) -> RelayProcess:
    """Wait for one of them to lead."""
    return eventually(
        lambda: next((one for one in of if one.leads), None), TAKE_OVER_SECONDS_MAX, "one leads"
    )


def caught_up(dsn: str) -> None:
    """Wait until everything was published."""
    head = log_of(dsn)[1][-1].position
    eventually(
        lambda: set(places(dsn).values()) == {head}, CATCH_UP_SECONDS_MAX, f"both are at {head}"
    )


def check(dsn: str, kafka: Kafka, cluster: str) -> None:
    """Check both topics against the log."""
    epoch, rows = log_of(dsn)
    packs = read_topic(kafka.bootstrap, topics.packs(cluster, PARTITIONS), PARTITIONS)
    check_packs(packs, epoch, rows)
    events = read_topic(kafka.bootstrap, topics.public(cluster), PARTITIONS)
    check_events(events, epoch, rows, CANARY)


def test_leaders_that_are_killed_lose_nothing(dsn: str, kafka: Kafka, tmp_path: Path) -> None:
    """The standby takes over within 5 s, three times; every fact is in both topics, in order."""
    cluster = name()
    with relays(2, dsn, kafka.bootstrap, cluster, tmp_path) as both:
        with Load(dsn) as load:
            for _ in range(KILLS):
                first = leader(both)
                (other,) = [one for one in both if one is not first]
                eventually(lambda: load.recorded and places(dsn), 20, "facts are published")
                time.sleep(1.0)  # let it be in the middle of things
                first.kill()
                eventually(lambda one=other: one.leads, TAKE_OVER_SECONDS_MAX, "it takes over")
                first.start()
        caught_up(dsn)
        assert [one.stop() for one in both] == [0, 0]
    check(dsn, kafka, cluster)


def test_a_leader_that_loses_its_session_ends_with_70(
    dsn: str, kafka: Kafka, tmp_path: Path
) -> None:
    """It may not be the leader any more, so it stops at once; the standby goes on."""
    cluster = name()
    with relays(2, dsn, kafka.bootstrap, cluster, tmp_path) as both:
        first = leader(both)
        (other,) = [one for one in both if one is not first]
        with Load(dsn):
            eventually(lambda: places(dsn).get("packs"), 20, "facts are published")
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute(
                    "select pg_terminate_backend(l.pid) from pg_locks l"
                    " where l.locktype = 'advisory' and l.objid = 7236003 and l.granted"
                    " and l.database = (select oid from pg_database"
                    "                   where datname = current_database())"
                )
            assert first.ended() == 70
            eventually(lambda: other.leads, TAKE_OVER_SECONDS_MAX, "the other takes over")
        caught_up(dsn)
        assert other.stop() == 0
    check(dsn, kafka, cluster)


def test_kafka_away_and_back(dsn: str, kafka: Kafka, tmp_path: Path) -> None:
    """Meanwhile the lag tells the truth; afterwards it goes on by itself, and nothing is lost."""
    cluster = name()
    with relays(1, dsn, kafka.bootstrap, cluster, tmp_path) as (one,):
        with Load(dsn) as load:
            eventually(lambda: places(dsn).get("packs"), 20, "facts are published")
            kafka.kill()
            try:
                time.sleep(AWAY_SECONDS)
                behind = one.measure('registrar_relay_lag_positions{publisher="packs"}')
                assert 0 < behind <= load.recorded
                assert one.measure('registrar_relay_lag_seconds{publisher="packs"}') >= 1.0
            finally:
                kafka.start()
            back = time.monotonic()
            before = places(dsn)["packs"]
            eventually(lambda: places(dsn)["packs"] > before, CATCH_UP_SECONDS_MAX, "it goes on")
            assert time.monotonic() - back <= RESUME_SECONDS_MAX
        caught_up(dsn)
        assert one.stop() == 0
    check(dsn, kafka, cluster)


def test_sigterm_while_kafka_is_away(dsn: str, kafka: Kafka, tmp_path: Path) -> None:
    """It ends in order and soon; what was not acknowledged is sent by the next."""
    cluster = name()
    with relays(1, dsn, kafka.bootstrap, cluster, tmp_path) as (one,):
        with Load(dsn):
            eventually(lambda: places(dsn).get("packs"), 20, "facts are published")
            kafka.kill()
            try:
                time.sleep(1.0)
                assert one.stop() == 0
            finally:
                kafka.start()
        one.start()
        caught_up(dsn)
        assert one.stop() == 0
    check(dsn, kafka, cluster)


def test_a_topic_with_another_number_of_partitions_is_refused(
    dsn: str, kafka: Kafka, tmp_path: Path
) -> None:
    """A subject's facts would be elsewhere: one line says so, and nothing is sent."""
    cluster = name()
    record(dsn, 100)
    with relays(1, dsn, kafka.bootstrap, cluster, tmp_path) as (one,):
        caught_up(dsn)
        assert one.stop() == 0
        one.environment["REGISTRAR_PARTITIONS"] = "3"
        one.spawn()
        assert one.ended() == 1
        said = one.output.splitlines()[-1]
        assert said.startswith(f"registrar: topic {cluster}.facts has 4 partitions")
