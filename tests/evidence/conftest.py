"""Which sealed logs do the tests share?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases import Databases
from tests.evidence.logs import add_facts, seal

FACTS = 300
"""More than fill a tile."""


@pytest.fixture(scope="package")
def sealed_dsn(databases_18: Databases) -> Iterator[str]:
    """A log that is sealed. Tests only read it."""
    with databases_18.fresh() as dsn:
        add_facts(dsn, FACTS)
        seal(dsn)
        yield dsn
