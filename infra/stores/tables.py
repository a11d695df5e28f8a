"""How are the documents and sums of a reading kept in PostgreSQL's own tables?

A generation has tables of its own; the views of the schema ``views`` show the live one. A batch
goes in by binary COPY.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from msgspec.structs import astuple
from psycopg import sql

from infra.stores import statements
from infra.stores.columns import Column, columns_of, reader, sent, sent_types
from projections.ports import Changes, Generation
from projections.reading import Key


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
        arrays = [list(part) for part in zip(*keys, strict=True)]
        if not arrays:
            return {}
        cursor = connection.cursor(binary=True)
        rows = cursor.execute(sql.SQL(statements.load(of, kind)), arrays).fetchall()
        read = reader(kind.row)
        at = [kind.row.__struct_fields__.index(name) for name in kind.key]
        return {tuple(row[i] for i in at): read(row) for row in rows}

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
            columns = columns_of(documents.row)
            created = set(changes.created.get(documents.name, ()))
            new = sorted(created)
            old = sorted(key for key in changed if key not in created)
            if new:
                rows = (astuple(changed[key]) for key in new)
                _copy(connection, statements.insert(of, documents.name, columns), columns, rows)
            if old:
                rows = (astuple(changed[key]) for key in old)
                make, fill = statements.stage(of, documents.name, columns)
                run(connection, make)
                _copy(connection, fill, columns, rows)
                run(connection, statements.update(of, documents))

    def _write_tallies(
        self, connection: psycopg.Connection, of: Generation, changes: Changes
    ) -> None:
        for tally in of.reading.tallies:
            deltas = changes.deltas.get(tally.name)
            if not deltas:
                continue
            columns = statements.tally_columns(tally)
            make, fill = statements.stage(of, tally.name, columns)
            run(connection, make)
            _copy(connection, fill, columns, (key + amounts for key, amounts in deltas.items()))
            run(connection, statements.add(of, tally))


def run(connection: psycopg.Connection, statement: str) -> None:
    """Execute a statement that is built from names of ours."""
    connection.execute(sql.SQL(statement))


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
