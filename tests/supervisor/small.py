"""A tiny process for tests: it answers probes, and ends in order when it is told to.

``python -m tests.supervisor.small NAME PORT JOURNAL`` writes what happens to it into the journal.
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from infra.web.probe import probe


def main(name: str, port: str, journal: str) -> None:
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with probe("127.0.0.1", int(port), lambda: None, lambda: f"counts as {name}"):
        note(journal, f"{name} begins")
        ended.wait()
    note(journal, f"{name} ends")


def note(journal: str, line: str) -> None:
    with Path(journal).open("a") as file:
        file.write(line + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
