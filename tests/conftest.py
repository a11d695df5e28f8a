"""Which engines do tests share?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases import DEBIAN_15, Databases, databases


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
def dsn(databases_18: Databases) -> Iterator[str]:
    """The address of a migrated database with an empty log, for one test."""
    with databases_18.fresh() as address:
        yield address
