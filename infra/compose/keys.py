"""Where are the keys of personal fields kept, given the settings?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import msgspec

from infra.keys.adoption import adopt
from infra.keys.epochs import FileEpochKeys
from infra.keys.postgres import PostgresDatabase
from infra.keys.rows import Database, SqlKeyRows
from infra.keys.sqlite import SqliteDatabase
from infra.keys.store import KeyStore
from infra.settings.fields import Settings, WrongSetting, variable

FOLDER, FILE, EPOCHS = "keys", "keys.db", "epochs"


def key_store(settings: Settings) -> KeyStore:
    """Return the store of keys, not opened yet.

    Raises WrongSetting in a cluster that does not say where: processes on several machines would
    each make a store of their own.
    """
    for name in ("keys_url", "epoch_keys"):
        if settings.is_cluster and getattr(settings, name) is None:
            raise WrongSetting(f"{variable('kafka')}: cluster mode needs {variable(name)} too")
    folder = settings.folder / FOLDER
    epochs = folder / EPOCHS if settings.epoch_keys is None else Path(settings.epoch_keys)
    return KeyStore(
        SqlKeyRows(_database(settings.keys_url, folder)), FileEpochKeys(epochs.expanduser())
    )


def kept_beside(settings: Settings) -> Settings:
    """Return settings that say of the keys what holds without a cluster: processes on one machine
    may share the files of its data folder."""
    folder = settings.folder.absolute() / FOLDER
    return msgspec.structs.replace(
        settings,
        keys_url=settings.keys_url or f"sqlite://{quote(str(folder / FILE))}",
        epoch_keys=settings.epoch_keys or str(folder / EPOCHS),
    )


def _database(url: str | None, folder: Path) -> Database:
    if url is None:
        return SqliteDatabase(folder / FILE)
    parts = urlsplit(url)
    return SqliteDatabase(Path(unquote(parts.path))) if _is_file(url) else PostgresDatabase(url)


def _is_file(url: str) -> bool:
    return urlsplit(url).scheme == "sqlite"


@asynccontextmanager
async def keeping_keys(settings: Settings, dsn: str) -> AsyncIterator[KeyStore]:
    """Have the store of keys of a log for a while, and make it the log's where it has none yet.

    Raises WrongKeyStore, WrongSetting, KeysUnavailable, or psycopg.Error.
    """
    store = key_store(settings)
    try:
        await asyncio.to_thread(adopt, dsn, store)
        yield store
    finally:
        await asyncio.to_thread(store.close)
