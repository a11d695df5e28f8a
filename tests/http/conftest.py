"""One running server for all tests that only talk to it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server, running


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    """A server with an empty log of its own, in a folder that its database's account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="registrar-http-"))
    try:
        with running(folder / "data", "--no-example") as started:
            yield started
    finally:
        shutil.rmtree(folder, ignore_errors=True)
