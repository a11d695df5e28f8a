"""What do tests of what goes wrong share?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.racing import Processes


@pytest.fixture(scope="package")
def processes() -> Iterator[Processes]:
    """Four processes for all races."""
    started = Processes()
    yield started
    started.end()


@pytest.fixture
def data(folder: Path) -> Path:
    """A data folder that the embedded PostgreSQL's account may enter."""
    return folder / "data"
