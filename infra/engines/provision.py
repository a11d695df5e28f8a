"""How does a machine get the engines of the cluster? ``make engines``.

The Java engines are downloaded once into the user's cache folder; Redis and a second PostgreSQL
are packages of the system. A download counts when it is whole and checked: it is made beside, and
renamed at the end.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_dir

from infra.engines.account import EngineError
from infra.engines.java import jdk
from infra.engines.maven import MEGABYTE, check, checksums, fetch
from infra.engines.packages import install, missing
from infra.engines.recipes import RECIPES, Recipe

Fetch = Callable[[Path], None]
"""Fills an empty folder with the files of an engine, or raises EngineError."""


def cache() -> Path:
    """Return the folder that holds the downloaded engines."""
    return Path(user_cache_dir("registrar")) / "engines"


def found(recipe: Recipe, folder: Path | None = None) -> Path:
    """Return the home of a downloaded engine. Raises EngineError where it is not there."""
    home = (folder or cache()) / recipe.folder
    if not home.exists():
        raise EngineError(
            f"{recipe.name} has not been downloaded "
            "(make engines, or python -m infra.engines.provision)"
        )
    return home


def from_maven(recipe: Recipe) -> Fetch:
    """Return what fetches an engine's files; that raises EngineError without Java or Maven."""

    def fetched(folder: Path) -> None:
        java = jdk(recipe.java_min, recipe.name)
        fetch(recipe.name.lower(), folder, java, recipe.megabytes * MEGABYTE)

    return fetched


def provide(
    recipe: Recipe, folder: Path, fetch: Fetch, expected: Mapping[str, str] | None = None
) -> Path:
    """Return the engine's home in ``folder``; fetched, checked and made if it is not there.

    ``expected`` has the SHA-256 of each file; None: those of checksums.txt. Two that do so at once
    wait for each other. What an interrupted one left is thrown away. Raises EngineError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    home, unfinished = folder / recipe.folder, folder / f"{recipe.folder}.unfinished"
    fetched, made = unfinished / "fetched", unfinished / "made"
    with _alone(folder / f".{recipe.folder}.lock", recipe.name):
        shutil.rmtree(unfinished, ignore_errors=True)
        if home.exists():
            return home
        _check_room(recipe, folder)
        try:
            fetched.mkdir(parents=True)
            made.mkdir()
            fetch(fetched)
            check(fetched, checksums() if expected is None else expected)
            recipe.finish(fetched, made)
            _let_read(made)
            made.rename(home)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return home


def main(arguments: Sequence[str]) -> int:
    """Download the engines, with ``--packages`` also install packages; 1 if one is missing."""
    lacks = missing()
    if lacks and "--packages" in arguments:
        _say(f"installing {', '.join(lacks)}")
        for package, reason in install(lacks).items():
            _say(f"{package} cannot be installed: {reason}")
        lacks = missing()
    faults = list(lacks.values())
    for recipe in RECIPES:
        try:
            _say(f"{recipe.name} is in {provide(recipe, cache(), from_maven(recipe))}")
        except EngineError as error:
            faults.append(f"{recipe.name} is not there: {error}")
    for fault in faults:
        _say(fault)
    return 1 if faults else 0


def _check_room(recipe: Recipe, folder: Path) -> None:
    needed = 3 * recipe.megabytes * MEGABYTE  # Maven's copy, ours, and what is unpacked
    if shutil.disk_usage(folder).free < needed:
        raise EngineError(f"{needed // MEGABYTE} MB are needed in {folder} while it is made")


def _let_read(folder: Path) -> None:
    """Whatever the umask: where root starts an engine, it runs under an account of its own."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


@contextmanager
def _alone(path: Path, name: str) -> Iterator[None]:
    with path.open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(f"{name}: waiting for another process that is downloading it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
