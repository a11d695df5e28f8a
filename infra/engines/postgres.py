"""How is a PostgreSQL started, found again, and stopped, without a container or an administrator?

The binaries come from a wheel (or from a folder that is named). The server listens on a Unix
socket only, in a folder that nobody but its owner may enter, so no password is needed. It runs in
a session of its own: a terminal's Ctrl-C reaches registrar, which stops it in order. A server that
outlived its registrar (kill -9) is found by its data folder and used again; several processes may
share one, and the last to leave stops it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import IO
from urllib.parse import quote

import psycopg

from infra.engines.account import EngineError, engine_account
from infra.engines.binaries import NAME, Binaries, wheel_binaries
from infra.engines.running import Running, failure, opened_log

START_SECONDS_MAX = 120
"""Crash recovery after a power cut may replay gigabytes of write-ahead log."""
STOP_SECONDS_MAX = 60
POLL_SECONDS = 0.02
LEFTOVERS_SECONDS_MAX = 10
"""The sessions of a server that was killed end by themselves, but not at once."""
LEFTOVERS_RETRY_SECONDS = 0.2
_LEFTOVERS = "pre-existing shared memory block"
SOCKET_PATH_BYTES_MAX = 107
"""The kernel's limit on a socket's path (unix(7))."""
PORT = 5432
"""Part of the socket's file name only: no port is opened."""

SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_buffers": "16MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_line_prefix": "%m [%p] ",
    "autovacuum_naptime": "15s",
}


class Postgres(Running):
    """One PostgreSQL server over one data folder.

    ``folder`` holds the cluster (made when missing). ``install`` is the folder with ``bin/`` of
    PostgreSQL 15 or later; None: the wheel's. ``settings`` go before ours. ``start`` and ``stop``
    may be called again and again.
    """

    def __init__(
        self,
        folder: Path,
        install: Path | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.folder = folder.expanduser().absolute()
        self._install = install or wheel_binaries()
        self._binaries = Binaries(self._install, None)
        self._settings = {**SETTINGS, **settings}
        self._child: subprocess.Popen[bytes] | None = None
        self._users: IO[bytes] | None = None
        self._sockets: Path | None = None

    @property
    def dsn(self) -> str:
        """The address of the database, for libpq of any kind. Raises EngineError if not started."""
        return self.address(NAME)

    @property
    def pid(self) -> int | None:
        """The process id of the server that runs over this folder, or None."""
        lines = self._pid_file()
        pid = int(lines[0]) if lines else None
        if self._child is not None and self._child.poll() is not None and self._child.pid == pid:
            return None  # it has ended, and poll() has just taken its remains away
        return pid if pid is not None and _alive(pid) else None

    def address(self, database: str, user: str = NAME) -> str:
        """Return the address of one database of this server, as its owner or another user."""
        if self._sockets is None:
            raise EngineError("this PostgreSQL has not been started")
        return f"postgresql://{user}@/{database}?host={quote(str(self._sockets), safe='')}"

    def start(self) -> None:
        """Make the cluster if it is new, and start its server unless it runs.

        Waits until the server answers, 120 s at most. Raises EngineError.
        """
        self._binaries = Binaries(self._install, engine_account())
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with self._alone():
            if self._users is None:
                users = self._lock_file("users").open("wb")
                fcntl.flock(users, fcntl.LOCK_SH)
                self._users = users
            try:
                self._binaries.make(self.folder)
                if not (self.pid is not None and self._ready()):
                    self._launch()
                self._wait_until_ready()
                self._create_database()
            except BaseException:
                self._leave()
                raise

    def stop(self) -> None:
        """Leave the server, and stop it (fast, every commit kept) if nobody else uses it.

        Raises EngineError where it does not stop within 60 s.
        """
        if self._users is None:
            return
        with self._alone():
            self._leave()

    def _leave(self) -> None:
        """Let go, and stop the server if no other process holds on to it."""
        users, self._users = self._users, None
        if users is None:
            return
        with users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            self._terminate()

    def _terminate(self) -> None:
        pid = self.pid
        if pid is not None:
            os.kill(pid, signal.SIGINT)  # PostgreSQL's fast shutdown
        deadline = time.monotonic() + STOP_SECONDS_MAX
        while pid is not None and _alive(pid):
            if self._child is not None and self._child.poll() is not None:
                break
            if time.monotonic() > deadline:
                raise EngineError(failure("PostgreSQL did not stop in time", self._log_path()))
            time.sleep(POLL_SECONDS)
        if self._child is not None:
            self._child.wait(STOP_SECONDS_MAX)
            self._child = None

    def _launch(self) -> None:
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        with opened_log(self._log_path()) as output:
            self._child = subprocess.Popen(  # noqa: S603  # our own binary and settings
                [
                    self._install / "bin" / "postgres",
                    "-D",
                    self.folder,
                    *settings,
                    f"--unix_socket_directories={self._socket_folder()}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                start_new_session=True,
                **self._binaries.identity,
            )

    def _wait_until_ready(self) -> None:
        began = time.monotonic()
        deadline = began + START_SECONDS_MAX
        while True:
            if self._ready():
                return
            if self._child is not None and self._child.poll() is not None:
                self._child = None
                if self.pid is not None:
                    continue  # one that outlived its registrar is still recovering
                said = failure("PostgreSQL did not start", self._log_path())
                if _LEFTOVERS not in said or time.monotonic() > began + LEFTOVERS_SECONDS_MAX:
                    raise EngineError(said)
                time.sleep(LEFTOVERS_RETRY_SECONDS)
                self._launch()
            if time.monotonic() > deadline:
                raise EngineError(failure("PostgreSQL did not answer in time", self._log_path()))
            time.sleep(POLL_SECONDS)

    def _ready(self) -> bool:
        lines = self._pid_file()
        if len(lines) < 8 or lines[7].strip() != "ready" or not lines[4].strip():
            return False
        self._sockets = Path(lines[4].strip())
        try:
            with psycopg.connect(self.address("postgres"), connect_timeout=5) as connection:
                row = connection.execute("show data_directory").fetchone()
                return row is not None and Path(row[0]).samefile(self.folder)
        except (psycopg.OperationalError, OSError):
            return False

    def _create_database(self) -> None:
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            found = connection.execute("select from pg_database where datname = %s", (NAME,))
            if found.fetchone() is None:
                connection.execute(f"create database {NAME}")

    def _socket_folder(self) -> Path:
        """Return a short folder that only the server's account enters: its own, if short enough."""
        socket = f".s.PGSQL.{PORT}"
        if len(os.fsencode(self.folder / socket)) <= SOCKET_PATH_BYTES_MAX:
            return self.folder
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"registrar-{digest}"
        account = self._binaries.account
        uid = account.uid if account else os.geteuid()
        try:
            folder.mkdir(mode=0o700)
            if account is not None:
                os.chown(folder, *account)
        except FileExistsError:
            status = folder.lstat()
            if status.st_uid != uid or stat.S_IMODE(status.st_mode) != 0o700:
                raise EngineError(f"{folder} is needed for a socket and is not ours") from None
        return folder

    def _pid_file(self) -> list[str]:
        try:
            return (self.folder / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _log_path(self) -> Path:
        return self.folder.with_name(self.folder.name + ".log")

    def _lock_file(self, purpose: str) -> Path:
        return self.folder.with_name(f".{self.folder.name}.{purpose}")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold starting and stopping of this folder's server against other processes."""
        with self._lock_file("starting").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
