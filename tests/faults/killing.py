"""How is a server, or its PostgreSQL, killed at random moments under load?"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import psutil
import psycopg

from infra.engines.postgres import Postgres
from tests.faults.load import FACTS_PER_COMMAND, Load, open_run
from tests.folders import enterable
from tests.server import Server, eventually, running

FACTS_WITHIN_SECONDS_MAX = 300.0
GONE_SECONDS_MAX = 30.0
FACTS_AFTER = 20 * FACTS_PER_COMMAND
"""So many are at least recorded after each kill, so that what it left is built upon."""


class Place(NamedTuple):
    """A server, and the PostgreSQL beside it."""

    postgres: Postgres
    server: Server


@contextmanager
def place() -> Iterator[Place]:
    """A server on a PostgreSQL that is not its own, in a folder that is removed after."""
    with enterable() as folder, Postgres(folder / "postgres") as postgres:
        flags = ("--no-example", "--database-url", postgres.dsn)
        with running(folder / "data", *flags) as server:
            yield Place(postgres, server)


def kill_server(place: Place) -> None:
    """The server dies, and is started again."""
    place.server.kill()
    place.server.start()


def kill_postgres(place: Place) -> None:
    """PostgreSQL dies as a whole, and is started again."""
    pid = place.postgres.pid
    assert pid is not None
    postmaster = psutil.Process(pid)
    for process in (postmaster, *postmaster.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    eventually(lambda: place.postgres.pid is None, GONE_SECONDS_MAX, "PostgreSQL is gone")
    place.postgres.start()


def kill_appender(place: Place) -> None:
    """The session that appends dies, with which PostgreSQL ends all others and recovers itself."""
    with psycopg.connect(place.postgres.dsn) as connection:
        row = connection.execute(
            "select pid from pg_stat_activity where application_name = 'registrar appender'"
        ).fetchone()
    if row is not None:  # else it is on its way back from the kill before
        os.kill(row[0], signal.SIGKILL)


KILLS: tuple[Callable[[Place], None], ...] = (kill_server, kill_postgres, kill_appender)


def kill_under_load(
    place: Place, kills: int, facts: int, seed: int, tell: Callable[[str], None]
) -> list[Load]:
    """Have so many facts acknowledged, with so many kills between; return what clients know.

    Clients repeat a command until it is answered. Every kill comes at a random moment of its share
    of the facts, in a run of its own, so that no stream grows without bound.
    """
    chance = random.Random(seed)  # noqa: S311 - the same moments for the same seed, more or less
    share = -(-facts // kills)
    loads: list[Load] = []
    for number in range(kills):
        kill = KILLS[number % len(KILLS)]
        run = f"K{number:03}-2020J"
        open_run(place.server, run)
        with Load(place.server, f"k{number:03}-", run, insist=True) as load:
            _acknowledged(load, chance.randrange(share))
            kill(place)
            _acknowledged(load, max(share, load.facts + FACTS_AFTER))
        assert load.surprises == []
        loads.append(load)
        total = sum(one.facts for one in loads)
        tell(f"{kill.__name__} {number + 1} of {kills}, {total:,} facts acknowledged")
    return loads


def _acknowledged(load: Load, facts: int) -> None:
    eventually(lambda: load.facts >= facts, FACTS_WITHIN_SECONDS_MAX, f"{facts} facts acknowledged")
