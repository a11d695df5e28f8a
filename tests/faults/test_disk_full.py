"""What does a running server do while PostgreSQL's disk is full, and when there is room again?"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from infra.engines.postgres import Postgres
from tests.conftest import ONLY_FOR
from tests.faults.history import assert_each_once
from tests.faults.load import CLIENTS, Load, open_run, resend_all, send
from tests.server import Server, eventually, running

DISK = "size=320m"
COMMANDS = 100
TOLD_SECONDS_MAX = 120.0
GOES_ON_SECONDS_MAX = 120.0


class Place(NamedTuple):
    """A server, and the PostgreSQL on a small disk beside it."""

    disk: Path
    postgres: Postgres
    server: Server


@pytest.fixture
def place() -> Iterator[Place]:
    """A server on a PostgreSQL that has little room."""
    if os.geteuid() != 0:
        pytest.skip(f"{ONLY_FOR} root, who may mount")
    folder = Path(tempfile.mkdtemp(prefix="registrar-full-"))
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", DISK, "tmpfs", str(disk)], check=False, capture_output=True
    )
    if mounted.returncode:
        folder.rmdir()
        pytest.skip(f"{ONLY_FOR} machines that let root mount")
    try:
        with Postgres(disk / "postgres") as postgres:
            flags = ("--no-example", "--database-url", postgres.dsn)
            with running(folder / "data", *flags) as server:
                yield Place(disk, postgres, server)
                (disk / "ballast").unlink(missing_ok=True)
                postgres.start()  # a failed test may have left it without room
    finally:
        subprocess.run(["umount", str(disk)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def table(_: Place) -> str:
    """The table cannot grow; what is asked is rolled back."""
    return "log-full"


def write_ahead_log(place: Place) -> str:
    """There is no room for its next segment either: PostgreSQL stops altogether."""
    with suppress(psycopg.OperationalError), psycopg.connect(place.postgres.dsn) as connection:
        connection.execute("select pg_switch_wal()")
        connection.execute("select pg_logical_emit_message(false, 'full', 'so it is needed')")
    return "log-unavailable"


@pytest.mark.parametrize("what", [table, write_ahead_log])
def test_it_is_told_and_gone_on_from(place: Place, what: Callable[[Place], str]) -> None:
    """503 while it is full; the server stays up; nothing acknowledged is lost; then all goes on."""
    disk, postgres, server = place
    open_run(server)
    with Load(server, insist=True) as load:
        eventually(lambda: len(load.acknowledged) >= COMMANDS, TOLD_SECONDS_MAX, "it is recorded")
        fill(disk)
        problem = what(place)
        eventually(lambda: load.unavailable >= CLIENTS, TOLD_SECONDS_MAX, "clients are told")
        status, headers, body = send(server.port, "while-full")
        assert (status, body["type"]) == (503, f"/problems/{problem}")
        assert int(headers["Retry-After"]) >= 1
        assert server.get("/healthz").status == 200
        (disk / "ballast").unlink()
        postgres.start()
        known = len(load.acknowledged)
        eventually(
            lambda: len(load.acknowledged) >= known + COMMANDS, GOES_ON_SECONDS_MAX, "it goes on"
        )
    assert load.surprises == []
    resend_all(server, load)
    assert_each_once(postgres.dsn, load)
    eventually(lambda: caught_up(server), GOES_ON_SECONDS_MAX, "readings go on too")
    assert "Traceback" not in server.output
    if what is table:  # where the log stops altogether, either may come first
        assert "nothing is recorded: could not extend file" in server.output


def fill(disk: Path) -> None:
    """Take all the room that there is."""
    with (disk / "ballast").open("wb", buffering=0) as ballast:
        for size in (1 << 20, 1 << 12):
            with suppress(OSError):
                while True:
                    ballast.write(bytes(size))


def caught_up(server: Server) -> bool:
    """Whether the server is ready, and no reading is behind."""
    answer = server.get("/readyz")
    return answer.status == 200 and not any(
        reading["lag_positions"] for reading in answer.body["readings"]
    )
