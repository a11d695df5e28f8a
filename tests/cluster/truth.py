"""Does a read API tell the truth about its readings, whatever happens to the engines?

What it says at ``/readyz`` is held against the database itself, asked before and after: only what
was so all the while counts.
"""

from __future__ import annotations

import threading
import time
from http.client import HTTPException
from typing import Any, NamedTuple

import psycopg

from tests.cluster.processes import Cluster

LOOK_SECONDS = 0.25
LEFT_SECONDS_MAX = 1.0
"""A session may outlive the server that it belongs to by a moment."""
WAITING_SECONDS_MAX = 4.0
"""A reading whose next fact has waited longer must say so."""
RED_SECONDS_MAX = 15.0
"""One that has stood still for longer, with a fact waiting as long, must be red."""
_STANDING = """
  select s.name, s.position,
    extract(epoch from clock_timestamp() - f.recorded_at)::float8,
    extract(epoch from clock_timestamp() - coalesce(s.moved_at, s.created_at))::float8
  from (select distinct on (name) name, position, moved_at, created_at from readings.state
    where live order by name, position) s
  left join log.facts f on f.position = s.position + 1
"""


class Standing(NamedTuple):
    """Where a reading's slowest partition is, how long its next fact has waited, and how long it
    has stood still. No waiting: there is no next fact."""

    position: int
    waiting: float | None
    still: float


class Truth:
    """Watches a cluster in a thread for a while. ``lies`` are what it said, beside what was so;
    ``red`` counts its answers of 503, ``late`` those that told of facts that wait."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="truth")
        self.lies: list[tuple[str, Any]] = []
        self.looked = self.red = self.late = 0
        self._there = time.monotonic()

    def __enter__(self) -> Truth:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            before = self._standing()
            try:
                answer = self._cluster.queries.get("/readyz")
            except (OSError, HTTPException):
                continue  # nobody is told anything
            if "readings" not in answer.body:
                continue  # it is leaving, and says no more than that
            self.looked += 1
            self.red += answer.status == 503
            self.late += any(one["lag_seconds"] > 1 for one in answer.body["readings"])
            self._compare(before, answer.status, answer.body, self._standing())

    def _compare(
        self,
        before: dict[str, Standing] | None,
        status: int,
        body: Any,
        after: dict[str, Standing] | None,
    ) -> None:
        if before is None or after is None:
            away = time.monotonic() - self._there > LEFT_SECONDS_MAX
            if before is after and away and status != 503:
                self.lies.append(("green without a database", body))
            return
        told = {one["name"]: one for one in body["readings"]}
        for name, was in before.items():
            if name not in after or after[name].position != was.position or was.waiting is None:
                continue
            if was.waiting > WAITING_SECONDS_MAX and status == 200:
                said = told[name]
                if said["position"] > was.position or said["lag_seconds"] < was.waiting - 1.0:
                    self.lies.append((f"{name} waits for {was.waiting:.1f} s", said))
            if min(was.waiting, was.still) > RED_SECONDS_MAX and status == 200:
                self.lies.append((f"{name} is green after {was.still:.1f} s", told[name]))

    def _standing(self) -> dict[str, Standing] | None:
        try:
            with psycopg.connect(self._cluster.dsn, connect_timeout=2) as connection:
                rows = connection.execute(_STANDING).fetchall()
        except psycopg.OperationalError:
            return None
        self._there = time.monotonic()
        return {name: Standing(*rest) for name, *rest in rows}
