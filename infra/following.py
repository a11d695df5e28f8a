"""How are the readings kept up beside the server, on a core of their own?

Folding and writing compete with commands for the interpreter's lock when they share a process. So
the server keeps a child process for them: started, watched, started again when it dies, and gone
with its parent, however that ends.
"""

from __future__ import annotations

import logging
import selectors
import subprocess
import sys
import threading
import time
from contextlib import nullcontext, suppress

import msgspec

from domain.streams import REGISTRY
from infra.engines.account import EngineError
from infra.evidence.sealing import Sealing, sealer
from infra.log.reader import PostgresLogReader
from infra.process import calm_garbage_collection
from infra.stores.postgres import PostgresStore
from projections.ports import StoreUnavailable
from projections.register import READINGS
from streams.runner.runner import Runner

RESTART_SECONDS_MIN, RESTART_SECONDS_MAX = 0.2, 5.0
STOP_SECONDS_MAX = 30.0
CHECK_SECONDS = 1.0
MADE_SECONDS_MAX, MADE_CHECK_SECONDS = 60.0, 0.05

_log = logging.getLogger(__name__)


class Task(msgspec.Struct, frozen=True):
    """What the child does: it keeps the readings of a database up, and seals its log."""

    dsn: str
    sealing: Sealing | None


class RunnerProcess:
    """The child process that keeps the readings up and seals the log.

    ``start`` and ``stop`` once each.
    """

    def __init__(self, dsn: str, sealing: Sealing | None = None) -> None:
        self._task = msgspec.json.encode(Task(dsn, sealing))
        self._stopping = threading.Event()
        self._turn = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._watch = threading.Thread(target=self._keep, name="readings-watch", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether the child is running."""
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int | None:
        """The child's process id."""
        return None if self._child is None else self._child.pid

    def start(self) -> None:
        """Start the child, and a thread that watches it."""
        self._spawn()
        self._watch.start()

    def wait_until_made(self, store: PostgresStore) -> None:
        """Wait until every reading has tables to answer from. Raises EngineError after 60 s."""
        wanted = {reading.name for reading in READINGS}
        deadline = time.monotonic() + MADE_SECONDS_MAX
        while time.monotonic() < deadline:
            with suppress(StoreUnavailable):  # a machine that is busy starting, not a fault yet
                if wanted <= {state.name for state in store.states() if state.live}:
                    return
            if self._stopping.wait(MADE_CHECK_SECONDS):
                return
        raise EngineError("the process of the readings does not start")

    def stop(self) -> None:
        """Let the child finish its batch and end; it is killed after 30 s."""
        with self._turn:
            self._stopping.set()
        child = self._child
        if child is None:
            return
        if child.stdin is not None:
            child.stdin.close()
        try:
            child.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        self._watch.join(STOP_SECONDS_MAX)

    def _spawn(self) -> None:
        # A session of its own: the terminal's Ctrl-C is for the server, which then ends the child.
        self._child = subprocess.Popen(
            [sys.executable, "-m", "infra.following"], stdin=subprocess.PIPE, start_new_session=True
        )
        if self._child.stdin is not None:
            self._child.stdin.write(self._task + b"\n")
            self._child.stdin.flush()

    def _keep(self) -> None:
        pause = RESTART_SECONDS_MIN
        while self._child is not None:
            code = self._child.wait()
            if self._stopping.is_set():
                return
            _log.warning("the process of the readings ended with %d; starting it again", code)
            if self._child.stdin is not None:
                self._child.stdin.close()
            self._stopping.wait(pause)
            pause = min(2 * pause, RESTART_SECONDS_MAX)
            with self._turn:
                if self._stopping.is_set():
                    return
                self._spawn()


def main() -> int:
    """Do the task given on standard input, until that is closed."""
    task = msgspec.json.decode(sys.stdin.buffer.readline(), type=Task)
    with nullcontext() if task.sealing is None else sealer(task.dsn, task.sealing):
        return _keep_readings(task.dsn)


def _keep_readings(dsn: str) -> int:
    reader, store = PostgresLogReader(dsn), PostgresStore(dsn)
    runner = Runner(reader, store, store, READINGS, REGISTRY)
    runner.start()
    calm_garbage_collection()
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(sys.stdin, selectors.EVENT_READ)
            while runner.alive and not selector.select(CHECK_SECONDS):
                pass
        return 0 if runner.alive else 1
    finally:
        runner.stop()
        reader.close()
        store.close()


if __name__ == "__main__":
    sys.exit(main())
