"""Which engines do tests share?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer

from tests.cluster_engines import elasticsearch, had, kafka, redis_server
from tests.databases import DEBIAN_15, Databases, databases
from tests.folders import enterable
from tests.scheduling import ByFolder

__all__ = ["elasticsearch", "kafka", "redis_server"]

ONLY_FOR = "only for"
"""Begins the reason of a skip that another kind of machine makes up for, not another engine."""


@pytest.fixture(scope="session")
def databases_18() -> Iterator[Databases]:
    """The embedded PostgreSQL 18."""
    with databases() as running:
        yield running


@pytest.fixture(scope="session")
def databases_15() -> Iterator[Databases]:
    """The oldest PostgreSQL that is supported, where Debian's is installed."""
    if not (DEBIAN_15 / "bin" / "postgres").exists():
        pytest.skip("Debian's PostgreSQL 15 is not installed")
    with databases(DEBIAN_15) as running:
        yield running


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that an engine's account may enter: that of a test is in one that it may not."""
    with enterable() as made:
        yield made


@pytest.fixture
def dsn(databases_18: Databases) -> Iterator[str]:
    """The address of a migrated database with an empty log, for one test."""
    with databases_18.fresh() as address:
        yield address


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFolder:
    """Decide which process runs which tests."""
    return ByFolder(config, log)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail where something was skipped and nothing may be; say in one line what ran."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or session.config.option.collectonly:
        return
    engines = ["PostgreSQL 18 (embedded)"]
    if (DEBIAN_15 / "bin" / "postgres").exists():
        engines.append("PostgreSQL 15")
    if shutil.which("chromium"):
        engines.append("Chromium")
    of_cluster, missing = had()
    without = "".join(f"; without: {reason}" for reason in missing)
    reporter.write_line(f"engines: {', '.join(engines + of_cluster)}{without}")
    skipped = [
        report
        for report in reporter.stats.get("skipped", ())
        if ONLY_FOR not in str(report.longrepr)
    ]
    if skipped and os.environ.get("TESTS_NOTHING_SKIPPED"):
        reporter.write_line(f"{len(skipped)} tests were skipped, and none may be", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
