"""One running server for all tests that only talk to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.folders import enterable
from tests.server import Server, running


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    """A server with an empty log of its own, in a folder that its database's account may enter."""
    with enterable() as folder, running(folder / "data", "--no-example") as started:
        yield started
