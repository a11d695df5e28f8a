"""Which system account does an engine run under, and what may that account reach?

PostgreSQL and Elasticsearch refuse to run as root. Where registrar itself runs as root (a
container, a first try on a server), each engine gets an unprivileged system account of its own.
That account must be able to walk down to the data folder and to the binaries, so those parents get
the search permission for others (``o+x``: entering, not listing), only where it is missing, and
nothing else is changed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path
from typing import NamedTuple

ACCOUNT = "registrar-postgres"
USERADD_SECONDS_MAX = 30


class EngineError(Exception):
    """An engine could not be started or stopped; the text says why, with its log's last lines."""


class Account(NamedTuple):
    """A system account that is not registrar's own."""

    uid: int
    gid: int


def engine_account(name: str = ACCOUNT) -> Account | None:
    """Return the account to run an engine under; None: the one that registrar runs under.

    Creates the account where it is missing. Raises EngineError where that fails.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        _create_account(name)
        entry = pwd.getpwnam(name)
    return Account(entry.pw_uid, entry.pw_gid)


def _create_account(name: str) -> None:
    useradd = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    if useradd is None:
        raise EngineError(
            "no engine is run as root, and there is no useradd to make an account for it; "
            "start registrar as another user, or name a server in the settings"
        )
    done = subprocess.run(  # noqa: S603  # fixed arguments, absolute path
        [
            useradd,
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/usr/sbin/nologin",
            name,
        ],
        capture_output=True,
        text=True,
        timeout=USERADD_SECONDS_MAX,
        check=False,
    )
    try:
        pwd.getpwnam(name)  # two starts may race; whoever made it, it is there
    except KeyError:
        raise EngineError(f"cannot make the account {name}: {done.stderr.strip()}") from None


def let_through(path: Path, account: Account) -> None:
    """Let the account walk down to ``path``: add ``o+x`` to those parents that stop it."""
    for folder in path.resolve().parents:
        status = folder.stat()
        if status.st_uid == account.uid:
            needed = stat.S_IXUSR
        elif status.st_gid == account.gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not status.st_mode & needed:
            folder.chmod(stat.S_IMODE(status.st_mode) | needed)


def let_read(folder: Path, account: Account) -> None:
    """Let the account read and run the engine's own files (``o+rX``), where an umask forbade it."""
    let_through(folder, account)
    if folder.stat().st_mode & stat.S_IROTH and (folder / "bin").stat().st_mode & stat.S_IXOTH:
        sample = folder / "bin" / "postgres"
        if sample.stat().st_mode & stat.S_IROTH:
            return
    for path in (folder, *folder.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if wanted != mode:
            path.chmod(wanted)
