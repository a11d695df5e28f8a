"""Where does every generation of every reading stand? The rows of ``readings.state``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import psycopg
from psycopg import sql

from infra.stores import parked
from projections.ports import (
    Bookmark,
    Changes,
    Generation,
    Move,
    Place,
    ReadingState,
    StalePosition,
    StoreUnavailable,
)
from projections.reading import Reading

CHANNEL = "readings"
"""Says ``name position`` whenever the live generation of a reading has moved."""

_STATES = """
  select name, generation, version, min(position), live, epoch, max(moved_at), max(error),
    count(*)::int
  from readings.state group by name, generation, version, live, epoch order by name, generation
"""
# The conditions below are the fence: whoever was overtaken finds no row, and writes nothing.
_MOVE_ALL = """
  update readings.state set position = %(position)s, moved_at = clock_timestamp(),
    topic = null, kafka_offset = null, error = null, error_at = null
  where name = %(name)s and generation = %(generation)s and position = %(expected)s
  returning live, (select count(*) from readings.state
    where name = %(name)s and generation = %(generation)s)
"""
_MOVE_PARTS = """
  update readings.state s set position = m.position, moved_at = clock_timestamp(),
    alive_at = clock_timestamp(), revision = s.revision + %(revised)s,
    topic = m.topic, kafka_offset = m.at,
    error = null, error_at = null
  from unnest(%(partitions)s::int[], %(expected)s::bigint[], %(revisions)s::int[],
    %(positions)s::bigint[], %(topics)s::text[], %(offsets)s::bigint[])
    as m(partition, expected, revision, position, topic, at)
  where s.name = %(name)s and s.generation = %(generation)s and s.live
    and s.partition = m.partition and s.position = m.expected and s.revision = m.revision
  returning s.partition
"""


def all_states(connection: psycopg.Connection) -> Sequence[ReadingState]:
    """Return every generation of every reading that exists, at the least of its positions."""
    return [ReadingState(*row) for row in connection.execute(_STATES).fetchall()]


def begin(
    connection: psycopg.Connection, reading: Reading, epoch: str, partitions: int
) -> ReadingState:
    """Number the next generation and note it; it is live if no other is."""
    number = _one(
        connection,
        "insert into readings.generations as g (name, last) values (%s, 1)"
        " on conflict (name) do update set last = g.last + 1 returning last",
        reading.name,
    )
    live = not _one(
        connection,
        "select exists (select from readings.state where name = %s and live)",
        reading.name,
    )
    connection.execute(
        "insert into readings.state (name, generation, partition, version, position, live, epoch)"
        " select %s, %s, n, %s, 0, %s, %s from generate_series(0, %s) n",
        (reading.name, number, reading.version, live, epoch, partitions - 1),
    )
    return ReadingState(
        reading.name, number, reading.version, 0, live, epoch, None, None, partitions
    )


def move_all(
    connection: psycopg.Connection, of: Generation, expected: int, changes: Changes
) -> bool:
    """Move a generation on and write what is parked, first thing in the transaction that writes
    its documents. Returns whether it is live. Raises StalePosition."""
    rows = connection.execute(
        _MOVE_ALL,
        {
            "name": of.reading.name,
            "generation": of.number,
            "expected": expected,
            "position": changes.position,
        },
    ).fetchall()
    if not rows or len(rows) < rows[0][1]:
        raise StalePosition(f"{_named(of)} is not at {expected}")
    parked.write(connection, of, changes)
    live = bool(rows[0][0])
    if live:
        notify(connection, of.reading.name, changes.position)
    return live


def move_parts(
    connection: psycopg.Connection, of: Generation, moves: Sequence[Move], changes: Changes
) -> None:
    """The same for some partitions of the live generation. Raises StalePosition."""
    places = [one.place for one in moves]
    moved = connection.execute(
        _MOVE_PARTS,
        {
            "name": of.reading.name,
            "generation": of.number,
            "revised": int(bool(changes.unparked)),
            "partitions": [place.partition for place in places],
            "expected": [place.position for place in places],
            "revisions": [place.revision for place in places],
            "positions": [one.position for one in moves],
            "topics": [one.bookmark and one.bookmark.topic for one in moves],
            "offsets": [one.bookmark and one.bookmark.offset for one in moves],
        },
    ).fetchall()
    if len(moved) != len(moves):
        raise StalePosition(f"{_named(of)} has partitions that are no longer where they were")
    parked.write(connection, of, changes)


def notify(connection: psycopg.Connection, name: str, position: int) -> None:
    """Tell all who listen, once the transaction is committed."""
    connection.execute("select pg_notify(%s, %s)", (CHANNEL, f"{name} {position}"))


def hold(connection: psycopg.Connection, of: Generation) -> int | None:
    """Let nobody move the live generation until this transaction ends. Returns how far it is,
    where this one of the same epoch is behind, and otherwise None. Raises StalePosition."""
    name = of.reading.name
    held = connection.execute(
        "select epoch, position from readings.state where name = %s and live for update", (name,)
    ).fetchall()
    row = connection.execute(
        "select epoch, min(position) from readings.state where name = %s and generation = %s"
        " group by epoch",
        (name, of.number),
    ).fetchone()
    if row is None:
        raise StalePosition(f"{name} has no generation {of.number}")
    epoch, position = row
    ahead = max((at for other, at in held if other == epoch), default=position)
    return ahead if ahead > position else None


def promote(connection: psycopg.Connection, of: Generation) -> None:
    """Make a generation the live one, in the transaction that holds the one that is. Raises
    StoreUnavailable while it is behind, so that no answer goes back behind an earlier one."""
    if hold(connection, of) is not None:
        raise StoreUnavailable(f"{_named(of)} is behind the one that it is to replace")
    name = of.reading.name
    connection.execute("update readings.state set live = false where name = %s and live", (name,))
    rows = connection.execute(
        "update readings.state set live = true where name = %s and generation = %s"
        " returning position",
        (name, of.number),
    ).fetchall()
    notify(connection, name, min(position for (position,) in rows))


def forget(connection: psycopg.Connection, name: str, number: int) -> int | None:
    """Forget a generation that is not live. Returns its version; None: there is no such one."""
    version = _one(
        connection,
        "delete from readings.state where name = %s and generation = %s and not live"
        " returning version",
        name,
        number,
    )
    if version is not None:
        parked.forget(connection, name, number)
    return cast("int | None", version)


def places(connection: psycopg.Connection, name: str) -> Sequence[Place]:
    """Return where the partitions of the live generation stand, in order."""
    rows = connection.execute(
        "select generation, version, epoch, partition, (count(*) over ())::int, position, revision,"
        " topic, kafka_offset from readings.state where name = %s and live order by partition",
        (name,),
    ).fetchall()
    found = []
    for generation, version, epoch, number, count, position, revision, topic, offset in rows:
        bookmark = None if topic is None else Bookmark(topic, offset)
        found.append(Place(generation, version, epoch, number, count, position, revision, bookmark))
    return found


def alive(connection: psycopg.Connection, name: str, numbers: Sequence[int]) -> None:
    """Note that somebody keeps these partitions of the live generation up."""
    connection.execute(
        "update readings.state set alive_at = clock_timestamp()"
        " where name = %s and live and partition = any(%s)",
        (name, list(numbers)),
    )


def taken(connection: psycopg.Connection, of: Generation, position: int) -> None:
    """Note how far a generation being filled has got in memory."""
    connection.execute(
        "update readings.state set taken = %s where name = %s and generation = %s",
        (position, of.reading.name, of.number),
    )


def fault(connection: psycopg.Connection, of: Generation, error: str | None) -> None:
    """Note what keeps a generation from moving."""
    connection.execute(
        "update readings.state set error = %(error)s, error_at ="
        " case when %(error)s::text is null then null else clock_timestamp() end"
        " where name = %(name)s and generation = %(generation)s",
        {"error": error, "name": of.reading.name, "generation": of.number},
    )


def _named(of: Generation) -> str:
    return f"{of.reading.name} generation {of.number}"


def _one(connection: psycopg.Connection, statement: str, *values: Any) -> Any:
    row = connection.execute(sql.SQL(statement), values).fetchone()
    return row[0] if row else None
