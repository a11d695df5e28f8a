"""Is a command recorded once where the answer to it is lost?"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import psycopg
import pytest

from infra.engines.postgres import Postgres
from tests.faults.history import assert_each_once
from tests.faults.load import Load, open_run, resend_all, send, told
from tests.folders import enterable
from tests.log.proxy import Proxy, proxied
from tests.server import Server, eventually, running

CUTS = 12
SECONDS_MAX = 120.0


class Place(NamedTuple):
    """A server, and what stands between it and its PostgreSQL, which is at ``dsn``."""

    dsn: str
    proxy: Proxy
    server: Server


@contextmanager
def proxy_before(dsn: str) -> Iterator[tuple[Proxy, str]]:
    """Give a proxy, in a thread of its own, and the address through it."""
    found: list[tuple[Proxy, str]] = []
    ready, done = threading.Event(), threading.Event()

    async def serve() -> None:
        async with proxied(dsn) as both:
            found.append(both)
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(SECONDS_MAX)
        yield found[0]
    finally:
        done.set()
        thread.join()


@pytest.fixture
def place() -> Iterator[Place]:
    """A server that reaches its PostgreSQL through a proxy."""
    with (
        enterable() as folder,
        Postgres(folder / "postgres") as postgres,
        proxy_before(postgres.dsn) as (proxy, through),
        running(folder / "data", "--no-example", "--database-url", through) as server,
    ):
        open_run(server)
        yield Place(postgres.dsn, proxy, server)
        proxy.away = False


def test_a_client_that_was_not_told_sends_again_and_the_log_holds_one(place: Place) -> None:
    """The reply is cut after the commit, and the server cannot learn what came of it: 503. With
    the same key the client is told later what was recorded then."""
    dsn, proxy, server = place
    proxy.cut_reply_to = b'"subject":"s1"'
    status, _, body = send(server.port, "s1")
    assert (status, body["type"]) == (503, "/problems/log-unavailable")
    assert proxy.cuts == 1
    with psycopg.connect(dsn) as connection:
        query = "select position from log.facts where subject = 's1' order by position"
        recorded = connection.execute(query).fetchall()
    assert len(recorded) == 2
    proxy.away = False
    eventually(lambda: send(server.port, "s2")[0] == 201, SECONDS_MAX, "it has come back")
    status, headers, body = send(server.port, "s1")
    assert (status, headers["Idempotent-Replayed"]) == (200, "true")
    assert [(fact.position,) for fact in told(body).facts] == recorded


def test_many_lost_replies_lose_and_double_nothing(place: Place) -> None:
    """Under load replies are cut again and again, those to readings and sealer among them."""
    dsn, proxy, server = place
    with Load(server, insist=True) as load:
        for number in range(1, CUTS + 1):
            proxy.cut_replies = True
            eventually(lambda n=number: proxy.cuts >= n, SECONDS_MAX, "a reply is cut")
            known = len(load.acknowledged)
            eventually(lambda n=known: len(load.acknowledged) > n + 20, SECONDS_MAX, "it goes on")
    assert load.surprises == []
    resend_all(server, load)
    assert_each_once(dsn, load)
