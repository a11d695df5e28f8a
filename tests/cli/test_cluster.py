"""Do the verbs of a cluster say what is missing, and leave alone what is not theirs?"""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from infra.cli.main import run
from tests.databases import Databases

KAFKA = {"REGISTRAR_KAFKA": "127.0.0.1:1", "REGISTRAR_ELASTICSEARCH_URL": "http://127.0.0.1:1"}


@pytest.fixture(autouse=True)
def _a_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Settings of a cluster whose Kafka is away."""
    for name, value in (KAFKA | {"REGISTRAR_DATA": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)


def test_migrate_may_be_run_again(
    dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what it did, and then that there is nothing to do."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        schemas = connection.execute(
            "select nspname from pg_namespace where nspname !~ '^(pg_|information_schema$)'"
        ).fetchall()
        for (schema,) in schemas:
            connection.execute(SQL("drop schema {} cascade").format(Identifier(schema)))
        connection.execute("create schema public")
    monkeypatch.setenv("REGISTRAR_DATABASE_URL", dsn)
    assert run(["migrate"]) == 0
    assert capsys.readouterr().out.startswith("migrated: 001_log, 002_readings, ")
    assert run(["migrate"]) == 0
    assert capsys.readouterr().out == "nothing to do: all is there already\n"


@pytest.mark.parametrize(
    "verb",
    [
        ["serve", "--only", "commands"],
        ["serve", "--only", "queries"],
        ["serve"],
        ["follow"],
        ["relay"],
        ["work", "progress"],
        ["projections", "list"],
    ],
    ids=" ".join,
)
def test_nothing_begins_on_a_database_without_tables(
    verb: list[str],
    databases_18: Databases,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And nothing makes them in passing: that is one job's, before the others start."""
    address = databases_18.server.address("postgres")
    monkeypatch.setenv("REGISTRAR_DATABASE_URL", address)
    assert run(verb) == 1
    said = capsys.readouterr().err
    assert said.startswith("registrar: the database lacks 001_log, ")
    assert said.endswith("; run registrar migrate first\n")
    with psycopg.connect(address) as connection:
        row = connection.execute("select to_regclass('public.registrar_migrations')").fetchone()
    assert row == (None,)


def test_projections_work_from_anywhere(
    dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Requests go through the database: no server is started for them."""
    monkeypatch.setenv("REGISTRAR_DATABASE_URL", dsn)
    assert run(["projections", "rebuild", "progress", "--wait", "0"]) == 0
    assert "progress: the rebuild is asked for" in capsys.readouterr().out
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select name, action from readings.requests").fetchone()
    assert row == ("progress", "rebuild")


def test_a_database_that_is_away_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, so that whoever started it tries again."""
    monkeypatch.setenv("REGISTRAR_DATABASE_URL", "postgresql://x@127.0.0.1:1/x")
    assert run(["serve", "--only", "queries"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("registrar: the database cannot be used: ")
    assert said.count("\n") == 1
