"""One registrar for all tests of access."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from projections.register import READINGS
from tests.databases import Databases
from tests.read_api.world import World, furnish, world

READ_SECONDS_MAX = 20.0


@pytest.fixture(scope="package")
def furnished(databases_18: Databases) -> Iterator[World]:
    """A registrar with a little of everything in it."""
    with databases_18.fresh() as dsn, world(dsn) as one:
        furnish(one)
        names = [reading.name for reading in READINGS]
        one.run(one.reads.positions.wait(names, one.position, READ_SECONDS_MAX))
        yield one
