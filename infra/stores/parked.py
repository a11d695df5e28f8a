"""Which facts are put aside? The rows of ``readings.parked``."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import psycopg

from projections.decoding import UNREADABLE
from projections.ports import WHOLE_STREAM, Changes, Generation, Parked
from projections.reading import Key

_KEY = msgspec.json.Encoder()


def read(connection: psycopg.Connection, of: Generation) -> Sequence[Parked]:
    """Return what a generation has put aside, by kind, key and position."""
    rows = connection.execute(
        "select documents, key, position, error from readings.parked"
        " where name = %s and generation = %s order by documents, key, position",
        (of.reading.name, of.number),
    ).fetchall()
    return [
        Parked(documents, tuple(msgspec.json.decode(key)), position, error)
        for documents, key, position, error in rows
    ]


def write(connection: psycopg.Connection, of: Generation, changes: Changes) -> None:
    """Put aside what a batch parks, and let go what it takes in again."""
    at = (of.reading.name, of.number)
    for one in changes.unparked:
        connection.execute(
            "delete from readings.parked where name = %s and generation = %s"
            " and documents = %s and key = %s and position = %s",
            (*at, one.documents, _key_text(one.key), one.position),
        )
    for one in changes.parked:
        connection.execute(
            "insert into readings.parked"
            " (name, generation, documents, key, position, error, tenant)"
            " values (%s, %s, %s, %s, %s, %s, %s) on conflict (name, generation, documents, key,"
            " position) do update set error = excluded.error",
            (*at, one.documents, _key_text(one.key), one.position, one.error, _tenant(one.key)),
        )


def forget(connection: psycopg.Connection, name: str, number: int) -> None:
    """Forget all that a generation has put aside."""
    connection.execute(
        "delete from readings.parked where name = %s and generation = %s", (name, number)
    )


def _tenant(key: Key) -> str | None:
    """Return whose it is that was put aside; None: that cannot be read of it."""
    if key[0] == UNREADABLE:
        return None
    return str(key[1]).split("/", 1)[0] if key[0] == WHOLE_STREAM else str(key[0])


def _key_text(key: Key) -> str:
    return _KEY.encode(key).decode()
