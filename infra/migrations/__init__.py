"""How does a database get the tables that this version of registrar works with?"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import NamedTuple, cast

import psycopg
from psycopg.sql import SQL

FOLDER = Path(__file__).parent
LOCK = 7_236_000
"""The advisory lock that lets one process migrate at a time."""
LOCK_SECONDS_MAX = 120
_NAME = re.compile(r"(\d{3})_[a-z0-9_]+\.sql")


class MigrationError(Exception):
    """The database does not fit this version of registrar."""


class Migration(NamedTuple):
    """One numbered file of SQL: applied once, in order, never changed afterwards."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file's text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def load(folder: Path = FOLDER) -> list[Migration]:
    """Return the migrations in order. Raises MigrationError where two have one number."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name} is not named like 001_log.sql")
        found.append(Migration(int(match[1]), path.stem, path.read_text()))
    if len({migration.number for migration in found}) != len(found):
        raise MigrationError("two migrations have one number")
    return found


_APART = "select to_regprocedure('log.keep_all_apart()') is not null"


def migrate(dsn: str, folder: Path = FOLDER) -> list[str]:
    """Apply what is missing, each file in a transaction, and return the names applied.

    Raises MigrationError where the database is newer than this version, or where a file that was
    applied reads differently now; psycopg.Error where the server refuses.
    """
    migrations = load(folder)
    with psycopg.connect(dsn, autocommit=True, connect_timeout=10) as connection:
        connection.execute(f"set lock_timeout = '{LOCK_SECONDS_MAX}s'")
        connection.execute("select pg_advisory_lock(%s)", (LOCK,))
        connection.execute(
            "create table if not exists public.registrar_migrations ("
            " number int primary key, name text not null, checksum text not null,"
            " applied_at timestamptz not null default clock_timestamp())"
        )
        applied = _applied(connection)
        _refuse_unfit(migrations, applied)
        missing = [migration for migration in migrations if migration.number not in applied]
        for migration in missing:
            with connection.transaction():
                connection.execute(SQL(migration.sql))
                connection.execute(
                    "insert into public.registrar_migrations (number, name, checksum)"
                    " values (%s, %s, %s)",
                    (migration.number, migration.name, migration.checksum),
                )
        if missing and connection.execute(_APART).fetchone() == (True,):
            connection.execute("select log.keep_all_apart()")
    return [migration.name for migration in missing]


def require(dsn: str, folder: Path = FOLDER) -> None:
    """Raise MigrationError unless the database is just what this version works with.

    For processes that are many: one job migrates before they start.
    """
    migrations = load(folder)
    with psycopg.connect(dsn, autocommit=True, connect_timeout=10) as connection:
        try:
            applied = _applied(connection)
        except psycopg.errors.UndefinedTable:
            applied = {}
    _refuse_unfit(migrations, applied)
    missing = [migration.name for migration in migrations if migration.number not in applied]
    if missing:
        raise MigrationError(
            f"the database lacks {', '.join(missing)}; run registrar migrate first"
        )


def _applied(connection: psycopg.Connection) -> dict[int, tuple[str, str]]:
    rows = connection.execute(
        "select number, name, checksum from public.registrar_migrations order by number"
    )
    return {cast("int", number): (name, checksum) for number, name, checksum in rows}


def _refuse_unfit(migrations: list[Migration], applied: dict[int, tuple[str, str]]) -> None:
    known = {migration.number: migration for migration in migrations}
    for number, (name, checksum) in applied.items():
        if number not in known:
            raise MigrationError(
                f"the database is newer than this registrar: it holds migration {name}; "
                "install the version that wrote it"
            )
        if known[number].checksum != checksum:
            raise MigrationError(
                f"migration {name} was applied to this database in another form; "
                "install the version that wrote it"
            )
