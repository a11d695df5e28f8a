"""How are the Java engines fetched, and how is what came checked?

The coordinates are in pom.xml, the SHA-256 of every file in checksums.txt: another file, or one
more, is refused.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TimeElapsedColumn

from infra.engines.account import EngineError
from infra.engines.engine import leash
from infra.engines.java import Jdk

POM = Path(__file__).with_name("pom.xml")
CHECKSUMS = Path(__file__).with_name("checksums.txt")
FETCH_SECONDS_MAX = 1_800
LOOK_SECONDS = 0.25
LINE_SECONDS = 5.0
MEGABYTE = 1_000_000
ERRORS_SHOWN = 3


def version(name: str) -> str:
    """Return a version that the pom names, as ``<kafka.version>`` for kafka."""
    found = re.search(rf"<{name}\.version>(.+)</", POM.read_text(encoding="utf-8"))
    assert found is not None  # noqa: S101 - our own file
    return found[1]


def checksums(file: Path = CHECKSUMS) -> dict[str, str]:
    """Return the SHA-256 of every file that may come, by its name."""
    pairs = (line.split() for line in file.read_text(encoding="ascii").splitlines())
    return {name: digest for digest, name in pairs}


def maven(path: str | None = None) -> str:
    """Return the path of Maven. Raises EngineError where there is none."""
    found = shutil.which("mvn", path=path)
    if found is None:
        raise EngineError("Maven is missing (Debian: apt-get install maven)")
    return found


def fetch(profile: str, folder: Path, jdk: Jdk, bytes_about: int) -> None:
    """Fill the folder with the files that a profile of the pom names, and show how far it is.

    Maven's own copies go to a folder beside it. Raises EngineError, also after half an hour.
    """
    local = folder.with_name(folder.name + ".maven")
    command = [
        *leash(),
        maven(),
        *("-q", "-B", "-C", "-f", str(POM), "-P", profile),
        f"-Dmaven.repo.local={local}",
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        f"-DoutputDirectory={folder}",
    ]
    log = folder.with_name(folder.name + ".log")
    with (
        log.open("w") as output,
        subprocess.Popen(  # noqa: S603  # our own command line
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, "JAVA_HOME": str(jdk.home)},
        ) as process,
        shown(profile, bytes_about) as show,
    ):
        try:
            _watch(process, lambda: show(_size(local)))
        finally:
            process.kill()
    shutil.rmtree(local, ignore_errors=True)
    if process.returncode != 0:
        said = log.read_text(errors="replace").splitlines()
        errors = [line for line in said if line.startswith("[ERROR]")]
        raise EngineError(f"Maven cannot fetch {profile}: {' '.join(errors[:ERRORS_SHOWN])}")


def check(folder: Path, expected: Mapping[str, str]) -> None:
    """Refuse a folder that is empty, or holds a file that is not as expected (EngineError)."""
    files = sorted(folder.iterdir())
    if not files:
        raise EngineError("nothing was downloaded")
    for path in files:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if path.name not in expected:
            raise EngineError(f"{path.name} was not expected; nothing is kept")
        if digest != expected[path.name]:
            raise EngineError(
                f"{path.name} is not the expected file: its SHA-256 is {digest}, "
                f"not {expected[path.name]}; nothing is kept"
            )


@contextmanager
def shown(name: str, bytes_about: int) -> Iterator[Callable[[int], None]]:
    """Give a function that shows so many bytes: a bar on a terminal, a line every 5 s elsewhere."""
    if sys.stderr.isatty():
        columns = ("{task.description}", BarColumn(), DownloadColumn(), TimeElapsedColumn())
        with Progress(*columns) as progress:
            task = progress.add_task(name, total=bytes_about)
            yield lambda size: progress.update(task, completed=min(size, bytes_about))
        return
    began = told = time.monotonic()

    def show(size: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= LINE_SECONDS:
            told = now
            _tell(name, size, bytes_about, now - began)

    _tell(name, 0, bytes_about, 0)
    yield show


def _tell(name: str, size: int, bytes_about: int, seconds: float) -> None:
    done, whole = size // MEGABYTE, bytes_about // MEGABYTE
    sys.stderr.write(f"{name}: {done} of about {whole} MB, {seconds:.0f} s\n")
    sys.stderr.flush()


def _watch(process: subprocess.Popen[bytes], look: Callable[[], None]) -> None:
    deadline = time.monotonic() + FETCH_SECONDS_MAX
    while process.poll() is None:
        if time.monotonic() > deadline:
            raise EngineError("the download did not end within half an hour")
        look()
        time.sleep(LOOK_SECONDS)


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue  # Maven renames what has come
    return total
