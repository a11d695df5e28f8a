"""What is left of a server's work when it is killed, stopped or started twice?"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from infra.engines.postgres import Postgres
from infra.stores.postgres import PostgresStore
from projections.register import READINGS
from tests.faults.history import assert_each_once
from tests.faults.load import Load, open_run, resend_all
from tests.server import Server, eventually, free_port, running

SECOND_START_SECONDS_MAX = 5.0
STOP_SECONDS_MAX = 15.0
READ_SECONDS_MAX = 30.0
REBUILD_SECONDS_MAX = 60.0
ONE_LINE_SECONDS_MAX = 60.0


def read_to_the_end(server: Server) -> None:
    """Wait until all readings are where the log is."""

    def caught_up() -> bool:
        answer = server.get("/readyz")
        return answer.status == 200 and not any(
            reading["lag_positions"] for reading in answer.body["readings"]
        )

    eventually(caught_up, READ_SECONDS_MAX, "the readings have caught up")


def readings(dsn: str) -> dict[str, list[Any]]:
    """Return all that the readings hold, by view."""
    with psycopg.connect(dsn) as connection:
        views = connection.execute(
            "select table_name from information_schema.views where table_schema = 'views'"
        ).fetchall()
        return {
            view: connection.execute(f"select v::text from views.{view} v order by 1").fetchall()  # type: ignore[call-overload]  # noqa: S608
            for (view,) in views
        }


def rebuild_all(dsn: str) -> None:
    """Ask the server to read the log anew for every reading, and wait until it has."""
    with closing(PostgresStore(dsn)) as store:
        requests = [store.ask(reading.name, "rebuild") for reading in READINGS]
        for request in requests:
            eventually(partial(store.result, request), REBUILD_SECONDS_MAX, request.name)


def registrar(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "infra.cli.main", *arguments],
        capture_output=True,
        text=True,
        timeout=ONE_LINE_SECONDS_MAX,
        check=False,
    )


def kill(server: Server) -> None:
    """kill -9."""
    server.kill()


def interrupt(server: Server) -> None:
    """Ctrl-C, which is no error."""
    assert server.stop() == 0
    assert "Traceback" not in server.output


@pytest.mark.parametrize("end", [kill, interrupt])
def test_whatever_ends_it_under_load_every_command_is_there_once(
    data: Path, end: Callable[[Server], None]
) -> None:
    """What was acknowledged is kept; the rest may be sent again; readings are as if read anew."""
    with running(data, "--no-example") as server:
        open_run(server)
        with Load(server) as load:
            eventually(lambda: len(load.acknowledged) >= 200, 60, "commands are acknowledged")
            end(server)
            eventually(lambda: len(load.in_doubt) >= 8, 30, "clients notice")
        assert load.surprises == []
        began = time.monotonic()
        server.start()
        took = time.monotonic() - began
        busy = sum(psutil.Process(server.pid).cpu_times()[:2])
        # A busy machine may take longer; this process itself may not.
        assert min(took, busy) < SECOND_START_SECONDS_MAX
        resend_all(server, load)
        read_to_the_end(server)
        with Postgres(data / "postgres") as postgres:
            assert_each_once(postgres.dsn, load)
            live = readings(postgres.dsn)
            assert len(live["enrolments"]) == len(load.acknowledged.keys() | load.in_doubt)
            rebuild_all(postgres.dsn)
            read_to_the_end(server)
            assert readings(postgres.dsn) == live


def test_ctrl_c_does_not_wait_for_who_listens(data: Path) -> None:
    """Subscribers are let go, those who read and those who do not, without a word of complaint."""
    with running(data, "--no-example") as server:
        open_run(server)
        deaf = socket.create_connection(("127.0.0.1", server.port))
        with deaf, urllib.request.urlopen(f"{server.url}/v1/events?after=0") as stream:  # noqa: S310
            deaf.sendall(b"GET /v1/events?after=0 HTTP/1.1\r\nHost: x\r\n\r\n")
            assert deaf.recv(12) == b"HTTP/1.1 200"
            assert stream.readline().startswith(b"retry: ")
            began = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - began < STOP_SECONDS_MAX
    assert "Traceback" not in server.output
    assert "ERROR" not in server.output


def test_two_servers_may_share_a_data_folder(data: Path) -> None:
    """Both take commands and answer for them; the first to leave does not take the database."""
    with running(data, "--no-example") as one, running(data, "--no-example") as two:
        open_run(one)
        with Load(one) as first:
            eventually(lambda: len(first.acknowledged) >= 50, 60, "the first records")
            with Load(two) as second:
                eventually(lambda: len(second.acknowledged) >= 50, 60, "the second records")
        assert first.surprises == second.surprises == []
        assert first.in_doubt | second.in_doubt == set()
        both = first.acknowledged | second.acknowledged
        for key in first.acknowledged.keys() & second.acknowledged.keys():
            assert first.acknowledged[key] == second.acknowledged[key]
        first.acknowledged = both
        for server in (one, two):
            head = max(told.position for told in both.values())
            learner = next(iter(second.acknowledged))
            path = f"/v1/enrolments/AAA-2013J/{learner}?min_position={head}"
            assert server.get(path).status == 200
        assert one.stop() == 0
        resend_all(two, first)
        read_to_the_end(two)
        with Postgres(data / "postgres") as postgres:
            assert_each_once(postgres.dsn, first)


def test_a_taken_port_is_one_line(data: Path) -> None:
    """The second server says which port it cannot have, and leaves the first alone."""
    with running(data, "--no-example") as server:
        said = registrar("serve", "--port", str(server.port), "--data", str(data.parent / "other"))
        assert said.returncode == 1
        assert said.stderr.startswith("registrar: cannot listen on 127.0.0.1:")
        assert said.stderr.count("\n") == 1
        assert server.get("/readyz").status == 200


@pytest.mark.parametrize("where", ["/dev/null", "/dev/null/below", "/proc/1/registrar"])
def test_a_data_folder_that_cannot_be_one_is_one_line(where: str) -> None:
    """Not a folder, or not to be made: the path is named, and nothing is left behind."""
    said = registrar("serve", "--port", str(free_port()), "--data", where)
    assert said.returncode in (1, 2)
    assert said.stderr.startswith("registrar: ")
    assert where.partition("/below")[0] in said.stderr
    assert said.stderr.count("\n") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="only for others than root, who may write everywhere")
def test_a_data_folder_that_may_not_be_written_is_one_line(data: Path) -> None:
    """The path is named."""
    data.mkdir(mode=0o500)
    said = registrar("serve", "--port", str(free_port()), "--data", str(data))
    assert said.returncode == 1
    assert str(data) in said.stderr
    assert said.stderr.count("\n") == 1
