"""Are the keys of ended epochs gone, and with them what they wrapped?"""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from commands.ports import KeysUnavailable
from infra.compose.keys import key_store
from infra.keys.adoption import adopt
from infra.keys.epochs import FileEpochKeys
from infra.keys.ports import EpochKeyGone, EpochKeys, WrongKeyStore
from infra.keys.sealing import AesGcmKey, new_key
from infra.settings.fields import Settings, WrongSetting


def test_what_is_wrapped_opens_until_its_epoch_is_destroyed(epochs: EpochKeys) -> None:
    """In its own context only. What is there stays; what is gone may be destroyed again."""
    epochs.make(1)
    (wrapped,) = epochs.wrap(1, [(b"k" * 32, b"main/s1/1")])
    epochs.make(1)
    epochs.make(2)
    assert epochs.unwrap(1, [(wrapped, b"main/s1/1")]) == [b"k" * 32]
    with pytest.raises(ValueError, match="altered or belongs elsewhere"):
        epochs.unwrap(1, [(wrapped, b"main/s2/1")])
    with pytest.raises(ValueError, match="altered or belongs elsewhere"):
        epochs.unwrap(2, [(wrapped, b"main/s1/1")])
    for _ in range(2):
        epochs.destroy(1)
    assert list(epochs.epochs()) == [2]
    with pytest.raises(EpochKeyGone):
        epochs.unwrap(1, [(wrapped, b"main/s1/1")])
    with pytest.raises(EpochKeyGone):
        epochs.wrap(1, [(b"k" * 32, b"")])


def test_a_destroyed_file_was_overwritten_where_it_lay(tmp_path: Path) -> None:
    """A hard link shows what the file held at the end: nothing."""
    epochs = FileEpochKeys(tmp_path / "epochs")
    epochs.make(1)
    (file,) = (tmp_path / "epochs").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    (tmp_path / "link").hardlink_to(file)
    epochs.destroy(1)
    assert (tmp_path / "link").read_bytes() == bytes(32)
    assert list((tmp_path / "epochs").iterdir()) == []


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    epochs = FileEpochKeys(tmp_path)
    epochs.make(1)
    next(tmp_path.iterdir()).chmod(0o640)
    with pytest.raises(WrongKeyStore, match="chmod 600"):
        epochs.wrap(1, [(b"k" * 32, b"")])


def test_an_old_copy_of_the_database_of_keys_is_not_served_from(tmp_path: Path) -> None:
    """It says what is wrong; no key in it opens any more."""
    settings = Settings(data=str(tmp_path))
    store, file = key_store(settings), tmp_path / "keys" / "keys.db"
    with closing(store):
        store.open()
        asyncio.run(store.for_subjects("main", ["s1", "s2"]))
        copy = file.read_bytes()
        store.destroy("main", "s1", "request", "ground")
        store.end_epochs(1)
    file.write_bytes(copy)
    with closing(key_store(settings)) as old:
        with pytest.raises(WrongKeyStore, match="epoch 1, whose key is not here"):
            old.open()
        with pytest.raises(KeysUnavailable):
            asyncio.run(old.existing("main", ["s1"]))


def test_an_epoch_is_ended_after_thirty_days(tmp_path: Path) -> None:
    store = key_store(Settings(data=str(tmp_path)))
    with closing(store):
        store.open()
        asyncio.run(store.for_subjects("main", ["s1"]))
        began = (datetime.now(UTC) - timedelta(days=30)).isoformat()
        with closing(sqlite3.connect(tmp_path / "keys" / "keys.db")) as connection, connection:
            connection.execute("update registrar_key_store set began_at = ?", (began,))
        rotated = store.rotate_if_old()
        assert rotated is not None
        assert (rotated.epoch, rotated.rewrapped, rotated.destroyed) == (2, 1, (1,))
        assert store.rotate_if_old() is None


@pytest.mark.parametrize("step", ["made", "begun", "wrapped"])
def test_what_a_crash_left_of_an_epochs_end_is_ended(tmp_path: Path, step: str) -> None:
    settings = Settings(data=str(tmp_path))
    with closing(key_store(settings)) as store:
        store.open()
        key = asyncio.run(store.for_subjects("main", ["s1", "s2"]))["s1"]
        through = store.destroy("main", "s2", "request", "ground").epoch
        store._epochs.make(2)
        if step != "made":
            store._rows.begin(2)
        if step == "wrapped":
            store._epochs.destroy = lambda _: None  # type: ignore[method-assign]
            store.end_epochs(through)
    with closing(key_store(settings)) as store:
        store.open()
        ended = store.end_epochs(through)
        assert ended is not None
        assert ended.destroyed == (1,)
        assert list(store._epochs.epochs()) == [2]
        again = asyncio.run(store.existing("main", ["s1", "s2"]))
        assert set(again) == {"s1"}
        assert again["s1"].open(key.seal(b"x", b"c"), b"c") == b"x"


def test_keys_that_the_log_s_database_held_are_moved(dsn: str, tmp_path: Path) -> None:
    """What was sealed before opens; afterwards the database holds no key at all."""
    key, secret = new_key(), new_key()
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "create table keys.subjects (tenant text, subject text, key bytea);"
            "create table keys.digest_secret (secret bytea)"
        )
        connection.execute("insert into keys.subjects values ('main', 's1', %s)", (key,))
        connection.execute("insert into keys.digest_secret values (%s)", (secret,))
    for moved in (1, 0):
        with closing(key_store(Settings(data=str(tmp_path)))) as store:
            assert adopt(dsn, store) == moved
            found = asyncio.run(store.existing("main", ["s1"]))["s1"]
            assert found.open(AesGcmKey(key).seal(b"x", b"c"), b"c") == b"x"
            assert asyncio.run(store.digest_secret()) == secret
    with psycopg.connect(dsn) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'keys'")
        assert tables.fetchall() == [("store",)]


def test_another_store_under_the_same_log_is_refused(dsn: str, tmp_path: Path) -> None:
    with closing(key_store(Settings(data=str(tmp_path / "one")))) as one:
        adopt(dsn, one)
    with (
        closing(key_store(Settings(data=str(tmp_path / "other")))) as other,
        pytest.raises(WrongKeyStore, match="not the keys of this log"),
    ):
        adopt(dsn, other)


def test_a_cluster_must_say_where_its_keys_are(tmp_path: Path) -> None:
    """Each process would make a store of its own otherwise."""
    cluster = Settings(data=str(tmp_path), kafka="k:9092")
    with pytest.raises(WrongSetting, match="cluster mode needs REGISTRAR_KEYS_URL too"):
        key_store(cluster)
