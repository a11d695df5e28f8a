"""Do the readings say of the real records exactly what the files say?"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.oulad import expected
from tests.oulad.replaying import REPLAY_SECONDS_MAX, command, one, replay, same, settled
from tests.server import Server, eventually, running

SMALL = "AAA-2013J"
RUNS = (SMALL, "DDD-2013B")
"""A small run, and one with late work, banked results, unknown days and exam scores."""
ALL_RUNS = "OULAD_FULL"
"""With this variable set, all 22 runs are replayed, which takes some minutes."""
CUT_OFF = (SMALL, "AAA-2014J")
"""Two small ones, of some 8,500 facts."""


@contextmanager
def server_over(dsn: str, folder: Path) -> Iterator[Server]:
    """Run a server over a database that outlives it."""
    with running(folder / "data", "--no-example", "--database-url", dsn) as server:
        yield server


def test_the_readings_agree_with_the_files(dsn: str, tmp_path: Path) -> None:
    """Every total, day, item, mean and distribution, exactly; each row accepted or refused."""
    runs = tuple(expected.all_figures()) if ALL_RUNS in os.environ else RUNS
    with server_over(dsn, tmp_path) as server:
        code, report = replay(server, *runs)
        assert code == 0
        same(dsn, runs, report)


def test_a_second_replay_changes_nothing(dsn: str, tmp_path: Path) -> None:
    """Every row is there already, and the log does not grow."""
    with server_over(dsn, tmp_path) as server:
        _, first = replay(server, SMALL)
        settled(dsn, expected.all_figures()[SMALL].certificates)
        with psycopg.connect(dsn) as connection:
            before = one(connection, "select count(*) from log.facts")
        _, second = replay(server, SMALL)
        with psycopg.connect(dsn) as connection:
            assert one(connection, "select count(*) from log.facts") == before
    for table, counts in second["tables"].items():
        assert counts["accepted"] == first["tables"][table]["accepted"]
        assert counts["of_these_already_there"] == counts["accepted"]


def facts_of(dsn: str) -> int:
    """Return how many facts are recorded."""
    with psycopg.connect(dsn) as connection:
        return int(one(connection, "select count(*) from log.facts"))


def begin(server: Server, *runs: str) -> subprocess.Popen[bytes]:
    """Start a replay beside the test.

    It heeds Ctrl-C even where the tests run in the background of a shell, which has it ignored.
    """
    return subprocess.Popen(
        ["env", "--default-signal=INT", *command(server, *runs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill-9", "ctrl-c"])
def test_a_replay_whose_client_ended_is_gone_on_with(
    dsn: str, tmp_path: Path, how: signal.Signals
) -> None:
    """A third of it is recorded; the same command line records the rest, and nothing twice."""
    with server_over(dsn, tmp_path) as server:
        client = begin(server, *CUT_OFF)
        eventually(lambda: facts_of(dsn) > 3_000, REPLAY_SECONDS_MAX, "3,000 facts")
        assert client.poll() is None, "the replay was over before it could be interrupted"
        client.send_signal(how)
        _, said = client.communicate(timeout=30)
        if how is signal.SIGINT:
            assert client.returncode == 130
            assert b"the same command line goes on from there" in said
            assert said.count(b"\n") == 1
        code, report = replay(server, *CUT_OFF)
        assert code == 0
        assert report["commands"]["replayed"] > 0
        same(dsn, CUT_OFF, report)


def test_a_replay_whose_server_was_killed_goes_on_by_itself(dsn: str, tmp_path: Path) -> None:
    """kill -9 of the server in the middle; it is started again, and everything is there once."""
    with server_over(dsn, tmp_path) as server:
        client = begin(server, *CUT_OFF)
        for enough in (1_500, 4_500):
            eventually(lambda: facts_of(dsn) > enough, REPLAY_SECONDS_MAX, "facts")  # noqa: B023
            assert client.poll() is None, "the replay was over before the server was killed"
            server.kill()
            server.start()
        out, said = client.communicate(timeout=REPLAY_SECONDS_MAX)
        assert client.returncode == 0, said.decode()
        same(dsn, CUT_OFF, json.loads(out))
