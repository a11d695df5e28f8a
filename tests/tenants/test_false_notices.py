"""What can an analyst do by ``NOTIFY``, which is open to everybody? Have one look, for nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from infra.analysts.logins import add, remove
from infra.log.reader import PostgresLogReader
from tests.server import eventually
from tests.tenants.conftest import Two

WAIT_SECONDS = 0.6
FALSE = 10**9
"""No position of this log."""


@pytest.fixture(scope="module")
def mallory(two: Two) -> Iterator[psycopg.Connection]:
    """An analyst's connection."""
    login, password = add(two.dsn, "mallory", "other")
    dsn = make_conninfo(two.dsn, user=login, password=password)
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection
    remove(two.dsn, "mallory")


def test_a_follower_believes_a_false_notice_once(two: Two, mallory: psycopg.Connection) -> None:
    """Then it waits as long as it was to, whatever was told; and hears what is true at once."""
    reader = PostgresLogReader(two.dsn)
    try:
        head, _ = reader.head()
        mallory.execute(f"notify log, '{FALSE}'")
        eventually(lambda: reader.wait(head, 0.01), 5, "the notice came")
        began = time.monotonic()
        assert not reader.wait(head, WAIT_SECONDS)
        assert time.monotonic() - began >= WAIT_SECONDS
        mallory.execute("notify log, 'nonsense'")
        assert not reader.wait(head, 0.01)
        two.ours.command("create-course", course="AFTER", title="After a lie")
        assert reader.wait(head, 5)
        assert reader.page(head, 10)
    finally:
        reader.close()


def test_a_stream_of_events_waits_on(two: Two, mallory: psycopg.Connection) -> None:
    """Every process has one ear for all streams: the log is looked at once, and not believed."""
    log = two.ours.reads.log

    async def head() -> int:
        return (await log.head()).position

    end = two.ours.run(head())
    mallory.execute(f"notify log, '{FALSE}'")
    for _ in range(3):
        began = time.monotonic()
        assert not two.ours.run(log.wait(end, WAIT_SECONDS))
        assert time.monotonic() - began >= WAIT_SECONDS
    two.ours.command("create-course", course="NEXT", title="After another")
    assert two.ours.run(log.wait(end, 5))


def test_no_query_takes_a_reading_to_be_further_than_it_is(
    two: Two, mallory: psycopg.Connection
) -> None:
    """An answer that is to hold a position waits for it, and then says that it is not there."""
    for told in (f"catalogue {FALSE}", f"catalogue 0 {FALSE}", ""):
        mallory.execute("notify readings" + (f", '{told}'" if told else ""))
    two.ours.refused(f"/v1/runs?min_position={FALSE - 1}", 503)
    assert two.ours.get("runs")["runs"]
