"""How are the documents and sums of a reading kept in PostgreSQL's own tables?

A generation has tables of its own; the views of the schema ``views`` show the live one. A large
batch goes in by binary COPY, which is the fastest; of a small one the round trips count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from msgspec.structs import astuple
from psycopg import sql

from infra.stores import statements
from infra.stores.columns import Column, arrays, reader, sent, sent_types
from projections.ports import Changes, Generation
from projections.reading import Key

FEW_ROWS_MAX = 500


class Tables:
    """Implements ``infra.stores.shelves.Shelf``."""

    def make(self, connection: psycopg.Connection, of: Generation, live: bool) -> None:
        """Make empty tables, and of a live generation the views too."""
        made = statements.create(of)
        if live:
            made += statements.indexes(of)
        for statement in made:
            run(connection, statement)
        if live:
            self.show(connection, of)

    def load(
        self, connection: psycopg.Connection, of: Generation, documents: str, keys: Iterable[Key]
    ) -> dict[Key, Any]:
        """Return the documents under these keys."""
        kind = statements.kinds(of.reading)[documents]
        arrays = [list(part) for part in zip(*sorted(keys), strict=True)]  # near each other on disk
        if not arrays:
            return {}
        cursor = connection.cursor(binary=True)
        rows = cursor.execute(sql.SQL(statements.load(of, kind)), arrays).fetchall()
        read = reader(kind.row)
        fields = [one.name for one in statements.document_columns(kind)]
        at = [fields.index(name) for name in statements.key_of(kind)]
        return {tuple(row[i] for i in at): read(row[1:]) for row in rows}

    def write(
        self, connection: psycopg.Connection, of: Generation, changes: Changes, _live: bool
    ) -> None:
        """Write documents and sums."""
        self._write_documents(connection, of, changes)
        self._write_tallies(connection, of, changes)

    def prepare(self, connection: psycopg.Connection, of: Generation) -> None:
        """Make the other indexes, and tell the planner how full the tables are."""
        for statement in [*statements.indexes(of), *statements.analyze(of)]:
            run(connection, statement)

    def show(self, connection: psycopg.Connection, of: Generation) -> None:
        """Point the views at this generation."""
        for view in of.reading.views:
            run(connection, statements.view(of, view))
            if view.analysts:
                run(connection, statements.analysts_view(of, view))

    def remove(self, connection: psycopg.Connection, name: str, version: int, number: int) -> None:
        """Drop the tables."""
        tables = connection.execute(
            "select tablename from pg_tables where schemaname = 'readings' and tablename ~ %s",
            (statements.tables(name, version, number),),
        ).fetchall()
        for (table,) in tables:
            connection.execute(
                sql.SQL("drop table {}").format(sql.Identifier(statements.SCHEMA, table))
            )

    def _write_documents(
        self, connection: psycopg.Connection, of: Generation, changes: Changes
    ) -> None:
        for documents in of.reading.documents:
            changed = changes.documents.get(documents.name)
            if not changed:
                continue
            columns = statements.document_columns(documents)
            created = set(changes.created.get(documents.name, ()))
            new = [(key[0], *astuple(changed[key])) for key in sorted(created)]
            old = [(key[0], *astuple(changed[key])) for key in sorted(changed.keys() - created)]
            if few(changes):
                source = statements.given(columns)
                _give(connection, statements.insert(of, documents, source), columns, new)
                _give(connection, statements.update(of, documents, source), columns, old)
                continue
            if new and _held_apart(connection, of, documents.name):
                source = _stage(connection, of, f"{documents.name}_new", columns, new)
                run(connection, statements.insert(of, documents, source))
            elif new:
                _copy(connection, statements.fill(of, documents.name, columns), columns, new)
            if old:
                source = _stage(connection, of, documents.name, columns, old)
                run(connection, statements.update(of, documents, source))

    def _write_tallies(
        self, connection: psycopg.Connection, of: Generation, changes: Changes
    ) -> None:
        for tally in of.reading.tallies:
            deltas = changes.deltas.get(tally.name)
            if not deltas:
                continue
            columns = statements.tally_columns(tally)
            rows = [key + amounts for key, amounts in deltas.items()]
            if few(changes):
                source = statements.given(columns)
                _give(connection, statements.add(of, tally, source), columns, rows)
            else:
                source = _stage(connection, of, tally.name, columns, rows)
                run(connection, statements.add(of, tally, source))


def few(changes: Changes) -> bool:
    """Whether the rows are given with the statements that write them, which may then travel
    together; more of them go in by COPY."""
    rows = (*changes.documents.values(), *changes.deltas.values())
    return sum(map(len, rows)) <= FEW_ROWS_MAX


def run(connection: psycopg.Connection, statement: str) -> None:
    """Execute a statement that is built from names of ours."""
    connection.execute(sql.SQL(statement))


def _give(
    connection: psycopg.Connection,
    statement: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Any]],
) -> None:
    if rows:
        connection.execute(sql.SQL(statement), arrays(columns, rows))


def _held_apart(connection: psycopg.Connection, of: Generation, name: str) -> bool:
    """Whether row-level security holds for who is connected: it forbids COPY into a table."""
    asks = f"select row_security_active('{statements.table(of, name)}')"
    return connection.execute(sql.SQL(asks)).fetchone() == (True,)


def _stage(
    connection: psycopg.Connection,
    of: Generation,
    name: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Any]],
) -> str:
    """Put rows into a temporary table, and return it."""
    make, fill = statements.stage(of, name, columns)
    run(connection, make)
    _copy(connection, fill, columns, rows)
    return statements.staged(of, name)


def _copy(
    connection: psycopg.Connection,
    statement: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
) -> None:
    with connection.cursor() as cursor, cursor.copy(sql.SQL(statement)) as copy:
        copy.set_types(sent_types(columns))
        for row in sent(columns, rows):
            copy.write_row(row)
