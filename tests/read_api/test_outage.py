"""Do queries come back by themselves after the database was away?"""

from __future__ import annotations

import time

from tests.databases import databases
from tests.read_api.world import World, furnish, world

BACK_SECONDS_MAX = 30.0


def test_queries_fail_clearly_while_the_database_is_away_and_then_go_on() -> None:
    with databases() as running, running.fresh() as dsn, world(dsn) as one:
        furnish(one)
        before = one.get("runs/AAA-2013J")
        running.server.stop()
        answer = one.ask("/v1/runs/AAA-2013J")
        assert answer.status_code == 503
        assert answer.json()["type"] == "/problems/store-unavailable"
        assert one.ask("/healthz").status_code == 200
        assert one.ask("/readyz").status_code == 503
        running.server.start()
        assert _back(one) == before


def _back(one: World) -> object:
    deadline = time.monotonic() + BACK_SECONDS_MAX
    while time.monotonic() < deadline:
        answer = one.ask("/v1/runs/AAA-2013J")
        if answer.status_code == 200:
            return answer.json()
    raise AssertionError("the queries did not come back")
