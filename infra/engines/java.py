"""Which JDKs are on this machine, and which of them does an engine get?"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from infra.engines.account import EngineError

JVM_FOLDERS = (
    Path("/usr/lib/jvm"),
    Path("/usr/java"),
    Path("/opt"),
    Path("/opt/java"),
    Path("/opt/homebrew/opt"),
    Path("/Library/Java/JavaVirtualMachines"),
    Path("~/.sdkman/candidates/java"),
    Path("~/.jdks"),
)
WARM_SOON = "-XX:TieredStopAtLevel=1"
"""Compile once, quickly, and not again for speed: the second compiler competes with all else on the
machine while an engine starts, and gains little for one that runs for a while and does little."""


class Jdk(NamedTuple):
    """A Java development kit: its major version, and the folder with its ``bin/``."""

    major: int
    home: Path

    @property
    def java(self) -> str:
        """The path of the program."""
        return str(self.home / "bin" / "java")


def jdk_at(home: Path) -> Jdk | None:
    """Return the JDK in a folder, told by its ``release`` file; None if there is none."""
    try:
        found = re.search(r'^JAVA_VERSION="(?:1\.)?(\d+)', (home / "release").read_text(), re.M)
    except OSError:
        return None
    whole = (home / "bin" / "java").exists() and (home / "bin" / "javac").exists()
    return Jdk(int(found[1]), home) if found and whole else None


def jdks(
    environment: Mapping[str, str] = os.environ, folders: tuple[Path, ...] = JVM_FOLDERS
) -> list[Jdk]:
    """Return all JDKs, oldest first: JAVA_HOME's, the PATH's, and those in the usual folders."""
    homes = {home.resolve() for home in _homes(environment, folders)}
    return sorted(jdk for home in homes if (jdk := jdk_at(home)))


def jdk(major_min: int, what: str, found: list[Jdk] | None = None) -> Jdk:
    """Return the oldest JDK that will do. Raises EngineError that says what to install."""
    found = jdks() if found is None else found
    for one in found:
        if one.major >= major_min:
            return one
    here = ", ".join(str(one.major) for one in found) or "none"
    raise EngineError(
        f"{what} needs a JDK {major_min} or later, and here is {here} "
        f"({_debian(major_min)}; or set JAVA_HOME)"
    )


def _debian(major_min: int) -> str:
    if major_min <= 17:
        return "Debian: apt-get install openjdk-17-jdk-headless"
    return "Debian 13: apt-get install openjdk-21-jdk-headless; Debian 12: Eclipse Temurin 21 or 25"


def _homes(environment: Mapping[str, str], folders: tuple[Path, ...]) -> Iterator[Path]:
    if named := environment.get("JAVA_HOME"):
        yield Path(named)
    if java := shutil.which("java", path=environment.get("PATH", os.defpath)):
        yield Path(java).resolve().parent.parent
    for folder in folders:
        for home in folder.expanduser().glob("*"):
            yield home
            yield home / "Contents" / "Home"
