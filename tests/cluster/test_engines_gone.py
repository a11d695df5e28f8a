"""Is a fact lost, or a lie told, while the engines are killed under load?"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import NamedTuple

from infra.engines.postgres import Postgres
from tests.cluster.conftest import Engines
from tests.cluster.processes import Cluster
from tests.cluster.settling import settle
from tests.cluster.truth import Truth
from tests.databases import Databases
from tests.faults.load import Load
from tests.server import eventually

AWAY_SECONDS, LONG_AWAY_SECONDS = 2.0, 30.0
CATCH_UP_SECONDS_MAX = 15.0
"""From when the engine answers again until every reading has what was recorded till then."""
REST_SECONDS = 1.0
REFUSED_SECONDS_MAX = 20.0


COLD_SEARCH_SECONDS_MAX = 30.0
"""Elasticsearch answers before its virtual machine is warm, and two cores carry all else too."""


class Outage(NamedTuple):
    """An engine that is killed, how long it is away, and how long it may take to catch up."""

    kill: Callable[[], object]
    start: Callable[[], object]
    seconds: float = AWAY_SECONDS
    catch_up_seconds: float = CATCH_UP_SECONDS_MAX


def kill_postgres(postgres: Postgres) -> None:
    """Kill -9 the server; its sessions end by themselves."""
    pid = postgres.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: postgres.pid is None, REFUSED_SECONDS_MAX, "PostgreSQL is gone")


def test_engines_are_killed_under_load(
    running: Cluster, databases_18: Databases, engines: Engines
) -> None:
    """Whichever is away, and however long: commands are taken or refused, never lost; the readings
    catch up by themselves, and nobody says that all is well while facts wait."""
    postgres = databases_18.server
    of_kafka, of_search, of_redis = (Outage(engine.kill, engine.start) for engine in engines)
    of_search = of_search._replace(catch_up_seconds=COLD_SEARCH_SECONDS_MAX)
    of_postgres = Outage(lambda: kill_postgres(postgres), postgres.start)
    long = of_kafka._replace(seconds=LONG_AWAY_SECONDS)
    outages = [of_kafka, of_redis, of_search, of_postgres, long, *[of_redis, of_search]]
    with (
        Truth(running) as truth,
        Load(running.commands, "engine", rest_seconds=REST_SECONDS) as load,
    ):
        for outage in [*outages, of_kafka, of_postgres]:
            outage.kill()
            try:
                time.sleep(outage.seconds)
            finally:
                outage.start()
            running.reach(running.head(), outage.catch_up_seconds)
    assert truth.lies == []
    assert min(truth.red, truth.late) > 0
    running.well(CATCH_UP_SECONDS_MAX)
    settle(running, load)
