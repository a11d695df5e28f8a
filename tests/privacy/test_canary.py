"""Is there anything of an erased learner in any file, and does anything on the disk open it?"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Jsonb

from domain.streams import REGISTRY
from infra.engines.postgres import Postgres
from infra.keys.epochs import FileEpochKeys
from infra.keys.sealing import AesGcmKey
from infra.migrations import migrate
from infra.settings.fields import Settings
from tests.faults.test_kill import read_to_the_end, readings, rebuild_all, registrar
from tests.privacy.canaries import MARK, OTHER, files_with, seed, unsealed_types
from tests.server import Server, eventually, running

ERASED_SECONDS_MAX = 60.0
PLANTED = f"{MARK}-planted"


class Field(NamedTuple):
    """A personal field as it is stored."""

    subject: str
    context: bytes
    sealed: str


def test_nothing_readable_is_left_anywhere(folder: Path) -> None:
    """In no byte of database, write-ahead log, keys, anchors, exports or what processes printed;
    nothing on the disk opens what is sealed; proofs and others' rows stand. A server that is killed
    in the middle goes on. An old backup is erased anew before it is served from."""
    data = folder / "data"
    settings = Settings(data=str(data))
    with Postgres(data / "postgres") as postgres:
        migrate(postgres.dsn)
        seed(postgres.dsn, settings)
        fields = _sealed(postgres.dsn)
        subjects = {field.subject for field in fields} - {OTHER}
    assert {"oulad-1", "oulad-2"} <= subjects
    _copy(data / "postgres", folder / "backup")
    shutil.copytree(data / "keys", folder / "copied keys")
    environment = {"REGISTRAR_ANCHORS": str(folder / "anchors")}
    with running(data, "--no-example", environment=environment) as server:
        read_to_the_end(server)
        assert _demographics(server, OTHER)["value"] == {"region": f"{MARK}-other"}
        before = _others(data)
        for subject in sorted(subjects):
            body = {"subject": subject, "ground": "consent-withdrawn"}
            assert server.command("erase-learner", body).status == 201
        _until(data, subjects, "KeyDestroyed")
        server.kill()
        server.start()
        _until(data, subjects, "SubjectErased")
        read_to_the_end(server)
        assert _demographics(server, "oulad-1") == {"value": None, "erased": True}
        assert _others(data) == before
        with Postgres(data / "postgres") as postgres:
            live = readings(postgres.dsn)
            rebuild_all(postgres.dsn)
            read_to_the_end(server)
            assert readings(postgres.dsn) == live
            with psycopg.connect(postgres.dsn, autocommit=True) as connection:
                connection.execute("checkpoint")
        export = folder / "log.jsonl"
        assert registrar("log", "export", str(export), "--data", str(data)).returncode == 0
        audited = registrar(
            "log", "audit", "--data", str(data), "--anchors", str(folder / "anchors")
        )
        assert audited.returncode == 0, audited.stderr
    assert files_with(folder, MARK) == []
    _nothing_opens(folder, fields, subjects)
    _planted_is_found(folder)

    shutil.rmtree(data / "postgres")
    _copy(folder / "backup", data / "postgres")
    with running(data, "--no-example", environment=environment) as server:
        with Postgres(data / "postgres") as postgres:
            assert _erased(postgres.dsn) == subjects
        read_to_the_end(server)
        assert _demographics(server, "oulad-1") == {"value": None, "erased": True}
        assert _demographics(server, OTHER)["value"] == {"region": f"{MARK}-other"}
        words = ("learners", "erase", OTHER, "--ground", "objection", "--yes", "--url", server.url)
        done = registrar(*words)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"{OTHER}: erased")
        assert "EpochKeyDestroyed" in done.stdout
        assert _demographics(server, OTHER) == {"value": None, "erased": True}


def _copy(folder: Path, to: Path) -> None:
    """Copy a folder with its owners, as a backup does."""
    subprocess.run(["cp", "-a", folder, to], check=True)


def _sealed(dsn: str) -> list[Field]:
    """Return every personal field in the log, and see that there is one of each that can be."""
    fields, types = [], {}
    with psycopg.connect(dsn) as connection:
        for type_, subject, body in connection.execute("select type, subject, body from log.facts"):
            stored = json.loads(body)
            for name in REGISTRY.types[type_].personal:
                value = stored["data"].get(name)
                if value is not None:
                    context = f"{stored['id']}/{name}".encode()
                    fields.append(Field(subject, context, value["sealed"]))
                    types.setdefault(type_, set()).add(name)
    assert unsealed_types(types) == set(), "no command in these tests brings them about"
    return fields


def _nothing_opens(folder: Path, fields: list[Field], subjects: set[str]) -> None:
    """Try all keys that are in any file: those of epochs, and those wrapped with them in any copy
    of the database of keys. The other learner's field shows that trying works."""
    epochs = FileEpochKeys(folder / "data" / "keys" / "epochs")
    keys: list[bytes] = [path.read_bytes() for path in folder.rglob("*.key") if _is_key(path)]
    for file in folder.rglob("keys.db"):
        with closing(sqlite3.connect(file)) as connection:
            rows = connection.execute(
                "select tenant, subject, epoch, wrapped from registrar_keys"
                " where wrapped is not null"
            ).fetchall()
        for tenant, subject, epoch, wrapped in rows:
            for tried in {epoch, *epochs.epochs()}:
                with suppress(Exception):
                    context = f"{tenant}/{subject}/{epoch}".encode()
                    keys += epochs.unwrap(tried, [(wrapped, context)])
    opened = {field.subject for field in fields for key in keys if _opens(key, field)}
    assert opened == {OTHER}
    assert opened.isdisjoint(subjects)


def _is_key(path: Path) -> bool:
    return path.stat().st_size == 32 and "copied keys" not in path.parts


def _opens(key: bytes, field: Field) -> bool:
    try:
        return MARK.encode() in AesGcmKey(key).open(field.sealed, field.context)
    except ValueError:
        return False


def _planted_is_found(folder: Path) -> None:
    """The control: what a table held in plain text, and was deleted, is found in its files."""
    with (
        Postgres(folder / "data" / "postgres") as postgres,
        psycopg.connect(postgres.dsn, autocommit=True) as connection,
    ):
        connection.execute("create table planted (text jsonb)")
        connection.execute("insert into planted values (%s)", (Jsonb({"name": PLANTED}),))
        connection.execute("delete from planted")
        connection.execute("checkpoint")
    assert files_with(folder, PLANTED)


def _until(data: Path, subjects: set[str], fact_type: str) -> None:
    with Postgres(data / "postgres") as postgres:
        eventually(
            lambda: _erased(postgres.dsn, fact_type) == subjects, ERASED_SECONDS_MAX, fact_type
        )


def _erased(dsn: str, fact_type: str = "SubjectErased") -> set[str]:
    """Return of whom a step is recorded, each once."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select subject from log.facts where type = %s", (fact_type,))
        found = [subject for (subject,) in rows]
    assert len(found) == len(set(found))
    return set(found)


def _demographics(server: Server, subject: str) -> dict[str, Any]:
    answer = server.get(f"/v1/enrolments/AAA-2013J/{subject}")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.body["demographics"]
    return found


def _others(data: Path) -> dict[str, list[Any]]:
    """Return the rows of the learner who is not erased, by view."""
    with Postgres(data / "postgres") as postgres:
        return {
            view: [row for row in rows if OTHER in row[0]]
            for view, rows in readings(postgres.dsn).items()
        }
