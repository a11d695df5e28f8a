"""How is the power of a database cut under load?"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.faults.load import Load, open_run
from tests.faults.power import Disk
from tests.server import Server, eventually, running

ACKNOWLEDGED_SECONDS_MAX = 120.0


class Place(NamedTuple):
    """A server, and the disk of its database."""

    disk: Disk
    server: Server


@contextmanager
def place(settings: Mapping[str, str]) -> Iterator[Place]:
    """A server on a PostgreSQL with these settings on a disk of its own."""
    folder = Path(tempfile.mkdtemp(prefix="registrar-power-"))
    try:
        with Disk(folder, settings) as disk:
            flags = ("--no-example", "--database-url", disk.postgres.dsn)
            with running(folder / "data", *flags) as server:
                yield Place(disk, server)
    finally:
        if not (folder / "disk").is_mount():
            shutil.rmtree(folder, ignore_errors=True)


def cut_under_load(
    place: Place, cuts: int, commands: int, tell: Callable[[str], None]
) -> list[Load]:
    """Cut the power so many times while commands are acknowledged; return what clients know."""
    loads = []
    for number in range(cuts):
        run = f"P{number:03}-2020J"
        open_run(place.server, run)
        place.disk.settle()
        with Load(place.server, f"p{number:03}-", run, insist=True) as load:
            acknowledged(load, commands)
            place.disk.cut()
            before = len(load.acknowledged)
            place.disk.restore()
            acknowledged(load, before + commands)
        assert load.surprises == []
        loads.append(load)
        total = sum(one.facts for one in loads)
        tell(f"power cut {number + 1} of {cuts}, {total:,} facts acknowledged")
    return loads


def acknowledged(load: Load, commands: int) -> None:
    """Wait until so many commands are acknowledged."""
    eventually(
        lambda: len(load.acknowledged) >= commands,
        ACKNOWLEDGED_SECONDS_MAX,
        f"{commands} commands acknowledged",
    )
