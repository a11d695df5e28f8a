"""What does migrating a database promise?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from infra.migrations import MigrationError, load, migrate


def write(folder: Path, name: str, sql: str) -> None:
    """Put a migration into a folder."""
    (folder / f"{name}.sql").write_text(sql)


def tables(dsn: str) -> set[str]:
    """The names of the tables that the tests' migrations make."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select tablename from pg_tables where tablename like 'made_%'")
        return {str(name) for (name,) in rows}


def test_all_migrations_were_applied_and_none_again(dsn: str) -> None:
    """A migrated database is left as it is."""
    assert migrate(dsn) == []


def test_missing_ones_are_applied_in_order(dsn: str, tmp_path: Path) -> None:
    """What a new version brings is applied, in order of numbers."""
    for migration in load():
        write(tmp_path, migration.name, migration.sql)
    write(tmp_path, "902_second", "create table made_two as select * from made_one")
    write(tmp_path, "901_first", "create table made_one (n int)")
    assert migrate(dsn, tmp_path) == ["901_first", "902_second"]
    assert tables(dsn) == {"made_one", "made_two"}


def test_a_failing_one_leaves_nothing_of_itself(dsn: str, tmp_path: Path) -> None:
    """A file is applied whole or not at all, and those before it stay."""
    for migration in load():
        write(tmp_path, migration.name, migration.sql)
    write(tmp_path, "901_good", "create table made_one (n int)")
    write(tmp_path, "902_bad", "create table made_two (n int); select nonsense")
    with pytest.raises(psycopg.Error):
        migrate(dsn, tmp_path)
    assert tables(dsn) == {"made_one"}


def test_a_newer_database_is_refused(dsn: str, tmp_path: Path) -> None:
    """A version that does not know all of a database's migrations does not touch it."""
    with pytest.raises(MigrationError, match="newer"):
        migrate(dsn, tmp_path)


def test_a_changed_migration_is_refused(dsn: str, tmp_path: Path) -> None:
    """What was applied never changes."""
    for migration in load():
        write(tmp_path, migration.name, migration.sql + "-- changed")
    with pytest.raises(MigrationError, match="another form"):
        migrate(dsn, tmp_path)


def test_two_processes_migrate_once(dsn: str, tmp_path: Path) -> None:
    """Whoever comes second finds it done."""
    for migration in load():
        write(tmp_path, migration.name, migration.sql)
    write(tmp_path, "901_first", "create table made_one (n int)")
    with ThreadPoolExecutor(4) as threads:
        applied = list(threads.map(lambda _: migrate(dsn, tmp_path), range(4)))
    assert sorted(applied) == [[], [], [], ["901_first"]]


def test_misnamed_files_are_refused(tmp_path: Path) -> None:
    """A file without a number, or with another's, is a mistake that is found at once."""
    write(tmp_path, "first", "")
    with pytest.raises(MigrationError, match="not named"):
        load(tmp_path)
    (tmp_path / "first.sql").unlink()
    write(tmp_path, "001_a", "")
    write(tmp_path, "001_b", "")
    with pytest.raises(MigrationError, match="one number"):
        load(tmp_path)
