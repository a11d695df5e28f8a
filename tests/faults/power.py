"""What is left on a disk when the power is cut?

PostgreSQL's folder lies in an ext4 image on a loop device. The cut: all its processes are stopped
where they are, and the image is copied as the device has it. What was written and not brought to
the device (fsync) is in the kernel's memory only, so it is not in the copy: the kernel brings
nothing there by itself before it is 30 s old (vm.dirty_expire_centisecs), and the file system's
journal is committed only when somebody asks. Then the copy takes the place of the image, and
PostgreSQL recovers.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil
import psycopg

from infra.engines.postgres import Postgres
from infra.engines.running import Running
from tests.server import eventually

IMAGE_BYTES = 1 << 30
"""Of which no more is taken than what is written."""
TRIED_BYTES = 8 << 20
COMMIT_SECONDS = 600
"""So long the file system does not commit its journal by itself (ext4's ``commit``)."""
STILL_SECONDS_MAX = 30.0
FREE_SECONDS_MAX = 30.0
COMMAND_SECONDS_MAX = 120.0
TOOLS = ("mkfs.ext4", "mount", "umount", "cp", "sync")


@cache
def missing() -> str | None:
    """Return what this machine lacks to cut the power of a disk; None: nothing."""
    if os.geteuid() != 0:
        return "root, who may mount"
    if not all(map(shutil.which, TOOLS)):
        return "machines with ext4's tools"
    folder = Path(tempfile.mkdtemp(prefix="registrar-power-"))
    try:
        image, disk = folder / "image", folder / "disk"
        disk.mkdir()
        _make(image, TRIED_BYTES)
        _mount(image, disk)
        _unmount(disk)
    except subprocess.CalledProcessError:
        return "machines with loop devices"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return None


class Disk(Running):
    """A PostgreSQL on a disk of its own, whose power can be cut again and again.

    Its address stays the same, so whoever uses it comes back.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self._image = folder / "image"
        self._disk = folder / "disk"
        self.postgres = Postgres(self._disk / "postgres", settings=settings)

    def start(self) -> None:
        """Make the disk, and start PostgreSQL on it."""
        self._disk.mkdir()
        _make(self._image, IMAGE_BYTES)
        _mount(self._image, self._disk)
        self.postgres.start()

    def stop(self) -> None:
        """End PostgreSQL at once, and leave the disk."""
        with suppress(psutil.NoSuchProcess):
            self._end(_family(self.postgres))
        self._leave()

    def settle(self) -> None:
        """Bring all that is written so far to the device."""
        with psycopg.connect(self.postgres.dsn, autocommit=True) as connection:
            connection.execute("checkpoint")
        _run("sync", "-f", str(self._disk))

    def cut(self) -> None:
        """Cut the power. Nothing is started again."""
        family = _family(self.postgres)
        _stand_still(family)
        copy = self._image.with_name("copy")
        _run("cp", "--sparse=always", str(self._image), str(copy))
        self._end(family)
        self._leave()
        copy.replace(self._image)

    def restore(self) -> None:
        """Give the power back: PostgreSQL recovers. Raises EngineError where it cannot."""
        _mount(self._image, self._disk)
        self.postgres.start()

    def _end(self, family: list[psutil.Process]) -> None:
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        eventually(lambda: self.postgres.pid is None, STILL_SECONDS_MAX, "PostgreSQL is gone")

    def _leave(self) -> None:
        self.postgres.stop()
        eventually(lambda: _unmounted(self._disk), FREE_SECONDS_MAX, "nobody uses the disk")


def _family(postgres: Postgres) -> list[psutil.Process]:
    """Return the processes of a PostgreSQL; the first of them can make no more."""
    pid = postgres.pid
    if pid is None:
        return []
    postmaster = psutil.Process(pid)
    _stand_still([postmaster])
    return [postmaster, *postmaster.children(recursive=True)]


def _stand_still(family: list[psutil.Process]) -> None:
    """Stop processes, and wait until none is within a write or an fsync."""
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    eventually(lambda: all(map(_still, family)), STILL_SECONDS_MAX, "PostgreSQL stands still")


def _still(process: psutil.Process) -> bool:
    try:
        return process.status() in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _make(image: Path, size: int) -> None:
    with image.open("wb") as file:
        file.truncate(size)
    _run("mkfs.ext4", "-q", "-F", "-m", "0", str(image))


def _mount(image: Path, disk: Path) -> None:
    _run("mount", "-o", f"loop,noatime,commit={COMMIT_SECONDS}", str(image), str(disk))


def _unmount(disk: Path) -> None:
    _run("umount", str(disk))


def _unmounted(disk: Path) -> bool:
    if disk.is_mount():
        with suppress(subprocess.CalledProcessError):
            _unmount(disk)
    return not disk.is_mount()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=COMMAND_SECONDS_MAX)
