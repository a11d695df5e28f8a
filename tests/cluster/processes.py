"""A cluster on this machine, for tests: every process its own, engines shared by the session."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from infra.logins import Login
from infra.search.clients import store_client
from infra.search.shelf import index_name
from infra.supervisor.child import Child
from infra.supervisor.cluster import WORKERS
from projections.register import READINGS
from projections.search import SEARCH
from tests.cluster.kept import Keeper
from tests.databases import logged_in
from tests.server import Server, eventually, free_port
from tests.shelves import checksum

CAUGHT_UP_SECONDS_MAX = 60.0
START_SECONDS_MAX = 60.0
POLL_SECONDS = 0.05
LOG_LINES_SHOWN = 15
_CHECKSUM = (
    "select coalesce(md5(string_agg(md5(t::text), '' order by t::text)), '') || ' ' || count(*)"
    " from {} t"
)


LOGINS = {"relay": Login.RELAYS, "follow": Login.FOLLOWERS, "work": Login.WORKERS}


class Cluster:
    """Both APIs, two relays, two followers and the workers, all of them kept running."""

    def __init__(self, dsn: str, folder: Path, environment: dict[str, str]) -> None:
        self.dsn = dsn
        self._environment = {
            "REGISTRAR_ACCESS": "off",
            "REGISTRAR_DATABASE_URL": dsn,
            "REGISTRAR_KEYS_URL": f"sqlite://{folder}/keys.db",
            "REGISTRAR_EPOCH_KEYS": str(folder / "epochs"),
            **environment,
        }
        self.name = environment["REGISTRAR_CLUSTER"]
        self.elasticsearch_url = environment["REGISTRAR_ELASTICSEARCH_URL"]
        self.keeper = Keeper(self._environment, folder)
        self.folder = folder
        self.commands, self.queries = (Server(folder / name) for name in ("commands", "queries"))
        self.command_api = self._api("commands", self.commands)
        self.query_api = self._api("queries", self.queries)
        self.relays = [self.process(f"relay-{n}", "relay") for n in (1, 2)]
        self.followers = [self.process(f"follow-{n}", "follow") for n in (1, 2)]
        self.workers = {name: self.worker(name) for name in WORKERS}

    def worker(self, name: str, number: int = 0) -> Child:
        """Return a worker, not started."""
        instance = f"{name}-{number}"
        return self.process(f"work-{instance}", "work", *WORKERS[name], "--instance", instance)

    def process(self, name: str, *words: str) -> Child:
        """Return a process of this cluster that has a probe, not started."""
        port = free_port()
        command = [sys.executable, "-m", "infra.cli.main", *words, "--probe-port", str(port)]
        health = f"http://127.0.0.1:{port}/healthz"
        return self.keeper.child(name, command, health, logged_in(self.dsn, LOGINS[words[0]]))

    def _api(self, only: str, server: Server) -> Child:
        command = [sys.executable, "-m", "infra.cli.main", "serve", "--only", only]
        command += ["--port", str(server.port), "--data", str(server.data)]
        login = Login.COMMANDS if only == "commands" else Login.QUERIES
        return self.keeper.child(only, command, f"{server.url}/readyz", logged_in(self.dsn, login))

    def registrar(self, *words: str) -> subprocess.Popen[str]:
        """Begin what somebody types at a terminal of this cluster."""
        return subprocess.Popen(
            [sys.executable, "-m", "infra.cli.main", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **self._environment},
            text=True,
        )

    @property
    def processes(self) -> list[Child]:
        """All of them."""
        apis = [self.command_api, self.query_api]
        return [*self.relays, *self.followers, *self.workers.values(), *apis]

    def start(self) -> None:
        """Start everything, and wait until it is well."""
        self.keeper.keep(self.processes)
        self.well(START_SECONDS_MAX)

    def stop(self) -> None:
        """End everything in order."""
        self.keeper.stop()

    def well(self, seconds: float) -> None:
        """Wait until every process, and the cluster as a whole, says that it is well."""
        eventually(
            lambda: not self._unwell() and self.queries.get("/readyz").status == 200,
            seconds,
            f"all is well; see {self.folder}",
        )

    def _unwell(self) -> list[str]:
        return [one.name for one in self.processes if one.state != "ready"]

    def positions(self) -> dict[str, int]:
        """Return how far the live generation of each reading is, by its slowest partition."""
        with psycopg.connect(self.dsn) as connection:
            rows = connection.execute(
                "select name, min(position) from readings.state where live group by name"
            ).fetchall()
        return dict(rows)

    def head(self) -> int:
        """Return the end of the log."""
        with psycopg.connect(self.dsn) as connection:
            row = connection.execute("select coalesce(max(position), 0) from log.facts").fetchone()
        assert row is not None
        return int(row[0])

    def caught_up(self, seconds: float = CAUGHT_UP_SECONDS_MAX) -> None:
        """Wait until every reading has reached the end of the log."""
        self.reach(self.head(), seconds)

    def reach(self, position: int, seconds: float) -> None:
        """Wait until every reading has reached a position."""
        deadline = time.monotonic() + seconds
        while True:
            positions = self.positions()
            if len(positions) == len(READINGS) and min(positions.values()) >= position:
                return
            late = time.monotonic() > deadline
            assert not late, f"not at {position} within {seconds} s: {positions}"
            time.sleep(POLL_SECONDS)

    def last_words(self) -> str:
        """Return how every process is, the ends of those that ended, and the ends of the logs."""
        lines = [f"{one.name}: {one.state} {one.doing}" for one in self.keeper.children]
        lines += [f"{name} {said}" for name, said in self.keeper.ends]
        for log in sorted(self.folder.glob("*.log")):
            lines += [f"--- {log.name}", *log.read_text().splitlines()[-LOG_LINES_SHOWN:]]
        return "\n".join(lines)

    def checksums(self) -> dict[str, str]:
        """Return a checksum of every table of the live generations, and of every index."""
        return table_checksums(self.dsn) | {
            f"{name}/index": self._of_index(name, version, generation)
            for name, version, generation in live_generations(self.dsn)
            if name == SEARCH.name
        }

    def _of_index(self, name: str, version: int, generation: int) -> str:
        index = index_name(self.name, name, version, generation)
        with closing(store_client(self.elasticsearch_url)) as client:
            return checksum(client, index)

    def rebuild(self) -> None:
        """Have the keeper rebuild every reading from the log, and wait until it is done."""
        before = self.generations()
        for name in before:
            with psycopg.connect(self.dsn, autocommit=True) as connection:
                connection.execute(
                    "insert into readings.requests (name, action) values (%s, 'rebuild')"
                    " on conflict do nothing",
                    (name,),
                )
        eventually(
            lambda: all(self.generations()[name] > number for name, number in before.items()),
            CAUGHT_UP_SECONDS_MAX,
            "every reading is rebuilt",
        )

    def generations(self) -> dict[str, int]:
        """Return the live generation of each reading."""
        with psycopg.connect(self.dsn) as connection:
            return dict(
                connection.execute(
                    "select distinct name, generation from readings.state where live"
                ).fetchall()
            )


def live_generations(dsn: str) -> list[tuple[str, int, int]]:
    """Return the name, version and number of every live generation."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "select distinct name, version, generation from readings.state where live"
        ).fetchall()


def table_checksums(dsn: str) -> dict[str, str]:
    """Return a checksum of every table of the live generations."""
    sums = {}
    with psycopg.connect(dsn) as connection:
        for name, version, generation in live_generations(dsn):
            prefix = f"{name}_v{version}g{generation}_"
            tables = connection.execute(
                "select tablename from pg_tables where schemaname = 'readings'"
                " and starts_with(tablename, %s)",
                (prefix,),
            ).fetchall()
            for (table,) in tables:
                statement = sql.SQL(_CHECKSUM).format(sql.Identifier("readings", table))
                row = connection.execute(statement).fetchone()
                assert row is not None
                sums[f"{name}/{table.removeprefix(prefix)}"] = str(row[0])
    return sums


@contextmanager
def cluster(dsn: str, folder: Path, environment: dict[str, str]) -> Iterator[Cluster]:
    """Run a cluster for a while; it is ended however the test ends."""
    one = Cluster(dsn, folder, environment)
    try:
        one.start()
        yield one
    finally:
        one.stop()
