"""Which packages of the system do the engines need, and how does root get them?"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from infra.engines.account import EngineError
from infra.engines.java import jdk
from infra.engines.maven import maven
from infra.engines.recipes import ELASTICSEARCH, KAFKA
from infra.engines.redis import redis_server

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin/postgres")
INSTALL_SECONDS_MAX = 900


def postgres_15() -> str:
    """Return the oldest supported PostgreSQL's program. Raises EngineError where it is missing."""
    if not DEBIAN_15.exists():
        raise EngineError("PostgreSQL 15 is missing (Debian 12: apt-get install postgresql-15)")
    return str(DEBIAN_15)


NEEDED: Mapping[str, Callable[[], object]] = {
    "redis-server": redis_server,
    "postgresql-15": postgres_15,
    "maven": maven,
    "openjdk-17-jdk-headless": lambda: jdk(KAFKA.java_min, KAFKA.name),
    "openjdk-21-jdk-headless": lambda: jdk(ELASTICSEARCH.java_min, ELASTICSEARCH.name),
}
"""By the package that brings it: finds what is needed, or raises EngineError that says how."""


def missing(needed: Mapping[str, Callable[[], object]] = NEEDED) -> dict[str, str]:
    """Return the packages whose content is not found, each with the sentence that says so."""
    lacks = {}
    for package, find in needed.items():
        try:
            find()
        except EngineError as error:
            lacks[package] = str(error)
    return lacks


def install(packages: Iterable[str]) -> dict[str, str]:
    """Install Debian packages as root; return those that cannot be, each with the reason."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return {package: f"needs root on Debian: apt-get install {package}" for package in packages}
    _apt(apt, "update", "-q")
    refusals = {}
    for package in packages:
        done = _apt(apt, "install", "-y", "-q", "--no-install-recommends", package)
        if done.returncode != 0:
            refusals[package] = " ".join(done.stderr.split())
    return refusals


def _apt(apt: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # fixed arguments, absolute path
        [apt, *arguments],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS_MAX,
        check=False,
    )
