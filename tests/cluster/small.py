"""A cluster of one relay, and of workers as odd as a test wants them, over facts that are recorded
without an API."""

from __future__ import annotations

import sys
from contextlib import closing

import psycopg
from psycopg import sql

from domain.streams import REGISTRY
from infra.log.reader import PostgresLogReader
from infra.logins import Login
from infra.stores.postgres import PostgresStore
from infra.supervisor.child import Child
from projections.reading import Reading
from streams.runner.keeper import Keeper
from streams.runner.runner import Runner
from tests.cluster import odd
from tests.cluster.processes import Cluster, table_checksums
from tests.databases import logged_in
from tests.server import eventually, free_port

REACHED_SECONDS_MAX = 30.0


class Small:
    """Such a cluster, whose relay is kept running."""

    def __init__(self, cluster: Cluster, partitions: int) -> None:
        self.cluster = cluster
        self.dsn = cluster.dsn
        self.relay = cluster.relays[0]
        self._partitions = partitions
        cluster.keeper.keep([self.relay])

    def begin(self, *kinds: str, mortal: bool = False) -> list[Child]:
        """Begin a worker of each kind, from nothing."""
        with closing(PostgresLogReader(self.dsn)) as log, closing(PostgresStore(self.dsn)) as store:
            for kind in kinds:
                store.create(odd.reading(kind), log.epoch(), self._partitions)
        return [self.go_on(kind, mortal) for kind in kinds]

    def go_on(self, kind: str, mortal: bool = False) -> Child:
        """Begin a worker of a reading that is there."""
        port = str(free_port())
        command = [sys.executable, "-m", "tests.cluster.odd", kind, port, *["mortal"] * mortal]
        health = f"http://127.0.0.1:{port}/healthz"
        dsn = logged_in(self.dsn, Login.WORKERS)
        child = self.cluster.keeper.child(kind, command, health, dsn)
        self.cluster.keeper.keep([child])
        return child

    def swap(self, old: Child, kind: str) -> Child:
        """End one worker, and have one of another kind go on with its reading."""
        self.cluster.keeper.let_go(old)
        return self.go_on(kind)

    def reached(self, name: str) -> None:
        """Wait until a reading is where the log ends."""
        head = self.cluster.head()
        eventually(
            lambda: self.cluster.positions()[name] >= head,
            REACHED_SECONDS_MAX,
            f"{name} at {head}",
        )

    def sent(self) -> None:
        """Wait until the relay has sent all that is there now."""
        head = self.cluster.head()
        eventually(lambda: self._sent() >= head, REACHED_SECONDS_MAX, f"sent up to {head}")

    def send_again(self) -> None:
        """Put the relay's place back to the beginning, as if it had never been kept."""
        with psycopg.connect(self.dsn) as connection:
            connection.execute("update streams.relay set position = 0")

    def retry(self, reading: Reading) -> str:
        """Have taken in again what was put aside. Returns what came of it."""
        with closing(PostgresLogReader(self.dsn)) as log, closing(PostgresStore(self.dsn)) as store:
            request = store.ask(reading.name, "retry")
            keeper = Keeper(log, store, store, [reading], REGISTRY, self._partitions)
            keeper.run_until_idle()
            keeper.stop()
            return store.result(request) or ""

    def rebuild(self) -> None:
        """Read the whole log into a reading by the name of ``anew``, as one process does."""
        with closing(PostgresLogReader(self.dsn)) as log, closing(PostgresStore(self.dsn)) as store:
            runner = Runner(log, store, store, [odd.reading("anew")], REGISTRY)
            runner.run_until_idle()
            runner.stop()

    def sums(self, name: str) -> dict[str, str]:
        """Return a checksum of each table of a reading."""
        return {
            key.removeprefix(f"{name}/"): value
            for key, value in table_checksums(self.dsn).items()
            if key.startswith(f"{name}/")
        }

    def enrolments(self, name: str) -> int:
        """Return how many enrolments a reading has counted."""
        version = odd.reading(name).version
        table = sql.Identifier("readings", f"{name}_v{version}g1_run_daily")
        with psycopg.connect(self.dsn) as connection:
            query = sql.SQL("select coalesce(sum(enrolments), 0)::int from {}").format(table)
            row = connection.execute(query).fetchone()
        return int(row[0]) if row else 0

    def _sent(self) -> int:
        with psycopg.connect(self.dsn) as connection:
            row = connection.execute(
                "select position from streams.relay where name = 'packs'"
            ).fetchone()
        return int(row[0]) if row else 0
