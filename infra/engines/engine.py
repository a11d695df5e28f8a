"""How does an engine of the cluster begin, become ready, die and come back, on this machine?

Each is one process over one folder: its settings, its data and its log are in there. It listens on
loopback, on ports that it keeps for as long as the folder is there, so that clients find it again
after a crash. It dies with registrar, however that ends. Where registrar runs as root, the engine
runs under a system account of its own.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from abc import abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, ClassVar

from infra.engines.account import Account, EngineError, engine_account, let_through
from infra.engines.ports import free, free_ports
from infra.engines.running import Running, failure, opened_log

__all__ = ["Engine", "EngineError"]

ACCOUNT = "registrar-engines"
START_SECONDS_MAX = 120
STOP_SECONDS_MAX = 30
KILL_SECONDS_MAX = 10
FREE_SECONDS_MAX = 30
"""The engine of a registrar that was killed ends by itself, but not at once."""
POLL_SECONDS = 0.05
_launcher = ThreadPoolExecutor(1, "engines")
"""A child's death signal comes when the thread that started it ends, so that is one that stays."""


class Engine(Running):
    """One engine over one folder (made when missing). ``start`` and ``stop`` again and again."""

    name: ClassVar[str]
    port_names: ClassVar[tuple[str, ...]]

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().absolute()
        self.ports: dict[str, int] = {}
        self._child: subprocess.Popen[bytes] | None = None
        self._account: Account | None = None
        self._held: IO[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The engine's process id, or None while it does not run."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    @property
    def title(self) -> str:
        """The engine's name and version."""
        return f"{self.name} {self._version()}"

    @property
    def log(self) -> Path:
        """The file that holds what the engine says."""
        return self.folder / f"{self.name.lower()}.log"

    def start(self) -> None:
        """Start the engine unless it runs, and wait until it answers. Raises EngineError.

        Waits 30 s at most for another registrar's to end, and 120 s until it is ready.
        """
        if self.pid is not None:
            return
        self._account = engine_account(ACCOUNT)
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._account is not None:
            let_through(self.folder / "here", self._account)
        self._hold()
        try:
            self.ports = self._ports()
            self._prepare()
            self._own(self.folder)
            _launcher.submit(self._launch).result()
            self._wait_until_ready()
        except BaseException:
            self.kill()
            self._let_go()
            raise

    def stop(self) -> None:
        """Let the engine end in order; it is killed after 30 s."""
        if self.pid is not None and self._child is not None:
            self._child.terminate()
            try:
                self._child.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.kill()
        self._child = None
        self._let_go()

    def kill(self) -> None:
        """End the engine as a crash would (kill -9), and wait until it is gone."""
        if self.pid is not None and self._child is not None:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait(KILL_SECONDS_MAX)
            eventually(lambda: all(map(free, self.ports.values())), KILL_SECONDS_MAX)
        self._child = None

    @abstractmethod
    def _version(self) -> str:
        """Return the engine's version."""

    @abstractmethod
    def _prepare(self) -> None:
        """Write what the engine needs into its folder; called before every start."""

    @abstractmethod
    def _command(self) -> list[str]:
        """Return the command line that becomes the engine."""

    @abstractmethod
    def _ready(self) -> bool:
        """Whether the engine does its work. Raises OSError where it cannot be reached."""

    def _environment(self) -> dict[str, str]:
        return {}

    def _launch(self) -> None:
        assert self._held is not None  # noqa: S101 - start() holds the folder
        with opened_log(self.log) as output:
            self._child = subprocess.Popen(  # noqa: S603  # our own command lines
                [*leash(), *self._command()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                env={
                    "PATH": os.environ.get("PATH", os.defpath),
                    "HOME": str(self.folder),
                    "LANG": "C.UTF-8",
                    **self._environment(),
                },
                start_new_session=True,
                pass_fds=(self._held.fileno(),),
                user=None if self._account is None else self._account.uid,
                group=None if self._account is None else self._account.gid,
                extra_groups=None if self._account is None else [],
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._answers():
            if self.pid is None:
                raise EngineError(failure(f"{self.name} did not start", self.log))
            if time.monotonic() > deadline:
                raise EngineError(failure(f"{self.name} did not answer in time", self.log))
            time.sleep(POLL_SECONDS)

    def _answers(self) -> bool:
        try:
            return self._ready()
        except OSError:
            return False

    def _hold(self) -> None:
        """Lock the folder. The engine inherits the lock, and holds it for as long as it lives."""
        if self._held is not None:
            return
        held = (self.folder / ".held").open("wb")
        if not eventually(lambda: _locked(held), FREE_SECONDS_MAX):
            held.close()
            raise EngineError(f"{self.name} over {self.folder} is in use by another process")
        self._held = held

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.close()

    def _ports(self) -> dict[str, int]:
        """Return the ports of this folder; others if somebody has taken one of them since."""
        if self.ports:
            return self.ports
        kept = self.folder / "ports.json"
        if kept.exists():
            ports: dict[str, int] = json.loads(kept.read_text())
            if set(ports) == set(self.port_names) and all(map(free, ports.values())):
                return ports
        ports = dict(zip(self.port_names, free_ports(len(self.port_names)), strict=True))
        kept.write_text(json.dumps(ports))
        return ports

    def _own(self, folder: Path) -> None:
        """Give everything in the folder to the engine's account, where that is another."""
        if self._account is None:
            return
        for path in (folder, *folder.rglob("*")):
            if path.lstat().st_uid != self._account.uid:
                os.lchown(path, *self._account)


def eventually(condition: Callable[[], bool], seconds_max: float) -> bool:
    """Wait until the condition is true, and say whether it became so within the bound."""
    deadline = time.monotonic() + seconds_max
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def leash() -> list[str]:
    """Return what has the kernel end the engine with registrar (Linux's util-linux brings it)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def _locked(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
