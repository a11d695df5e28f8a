"""What do operators ask of the readings? The rows of ``readings.requests``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from projections.requests import Action, Request


def ask(connection: psycopg.Connection, name: str, action: Action) -> Request:
    """Leave a request, unless it is there already; in a transaction."""
    connection.execute(
        "insert into readings.requests (name, action) values (%s, %s)"
        " on conflict (name, action) where done_at is null do nothing",
        (name, action),
    )
    ((number,),) = connection.execute(
        "select number from readings.requests where name = %s and action = %s and done_at is null",
        (name, action),
    ).fetchall()
    return Request(number, name, action)


def asked(connection: psycopg.Connection) -> Sequence[Request]:
    """Return the open requests, oldest first."""
    rows = connection.execute(
        "select number, name, action from readings.requests where done_at is null order by number"
    ).fetchall()
    return [Request(*row) for row in rows]


def done(connection: psycopg.Connection, request: Request, result: str) -> None:
    """Close a request."""
    connection.execute(
        "update readings.requests set done_at = clock_timestamp(), result = %s"
        " where number = %s and done_at is null",
        (result, request.number),
    )


def result(connection: psycopg.Connection, request: Request) -> str | None:
    """Return what came of a request; None: nothing yet."""
    row: tuple[Any, ...] | None = connection.execute(
        "select result from readings.requests where number = %s", (request.number,)
    ).fetchone()
    return None if row is None else row[0]
