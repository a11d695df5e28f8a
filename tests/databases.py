"""Where do tests get a PostgreSQL, and a fresh database in it?"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from infra.engines.postgres import Postgres
from infra.logins import Login, let_in
from infra.migrations import migrate
from tests.folders import enterable

DEBIAN_15 = Path("/usr/lib/postgresql/15")
TEMPLATE = "template_registrar"


class Databases:
    """A running server that hands out migrated databases, one for each test."""

    def __init__(self, server: Postgres) -> None:
        self.server = server
        self._numbers = itertools.count(1)
        self._execute(f"create database {TEMPLATE}")
        migrate(server.address(TEMPLATE))

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Give the address of a database with an empty log, and drop it afterwards."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self._execute(f"create database {name} template {TEMPLATE}")
        try:
            yield self.server.address(name)
        finally:
            self.server.start()  # a test may have killed it
            self._execute(f"drop database {name} with (force)")

    def copy(self, name: str, copy: str) -> None:
        """Copy a database that nobody is connected to, as a backup would."""
        self._execute(f"create database {copy} template {name}")

    def drop(self, name: str) -> None:
        """Drop a copy."""
        self._execute(f"drop database {name} with (force)")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.server.address("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def databases(install: Path | None = None) -> Iterator[Databases]:
    """Run a server in a folder of its own (None: the wheel's), and remove it afterwards.

    Not under pytest's folder: pytest takes the permissions away that the server's account needs.
    """
    with enterable() as folder, Postgres(folder / "postgres", install) as server:
        yield Databases(server)


def logged_in(dsn: str, login: Login) -> str:
    """Return the address of a database for a kind of process, which may log in from now on."""
    let_in(dsn)
    return dsn.replace("://registrar@", f"://{login.value}@", 1)
