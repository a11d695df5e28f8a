"""Where are keys kept?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from infra.keys.epochs import FileEpochKeys, MemoryEpochKeys
from infra.keys.ports import EpochKeys
from infra.keys.postgres import PostgresDatabase
from infra.keys.rows import SqlKeyRows
from infra.keys.sqlite import SqliteDatabase
from infra.keys.store import KeyStore

Opens = Callable[[], KeyStore]


@pytest.fixture(params=["file", "postgres"])
def opens(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opens]:
    """Opens one store of keys, as each of several processes would."""
    memory = MemoryEpochKeys()
    with ExitStack() as stack:

        def one() -> KeyStore:
            if request.param == "file":
                rows = SqlKeyRows(SqliteDatabase(tmp_path / "keys.db"))
                epochs: EpochKeys = FileEpochKeys(tmp_path / "epochs")
            else:
                rows = SqlKeyRows(PostgresDatabase(request.getfixturevalue("dsn")))
                epochs = memory
            store = stack.enter_context(closing(KeyStore(rows, epochs)))
            store.open()
            return store

        yield one


@pytest.fixture(params=["file", "memory"])
def epochs(request: pytest.FixtureRequest, tmp_path: Path) -> EpochKeys:
    """Keys of epochs, of each kind in turn."""
    return FileEpochKeys(tmp_path / "epochs") if request.param == "file" else MemoryEpochKeys()
