"""How does a test run one of registrar's processes, kill it, and end it?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

STOP_SECONDS_MAX = 30.0


class Process:
    """``registrar`` with these words, and with no settings but these, for everybody; what it prints
    goes into ``log``. ``start`` it again and again."""

    ends_by = signal.SIGTERM

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.environment = {"REGISTRAR_ACCESS": "off", **environment}
        self._words = words
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the last one that was started."""
        return self._started.pid

    @property
    def output(self) -> str:
        """What was printed so far, by all that were started."""
        return self._log.read_text()

    @property
    def _started(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def spawn(self) -> None:
        """Start it, and do not wait."""
        others = {k: v for k, v in os.environ.items() if not k.startswith("REGISTRAR_")}
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "infra.cli.main", *self._words],
                stdout=out,
                stderr=out,
                env=others | self.environment,
            )

    def require_running(self) -> None:
        """Fail, with all that it printed, where it has ended."""
        code = self._started.poll()
        assert code is None, f"{self._words[0]} ended with {code}: {self.output}"

    def kill(self) -> None:
        """kill -9: nothing gets a chance to tidy up."""
        self._started.kill()
        self._started.wait()

    def stop(self) -> int:
        """End it in order unless it has ended or never begun, and return the exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(self.ends_by)
        return self.ended()

    def ended(self) -> int:
        """Wait until it has ended by itself, and return the exit code."""
        return self._started.wait(STOP_SECONDS_MAX)
