"""Which SQL makes, reads and writes the tables of one generation of a reading?

All names in it come from the register of readings, never from data.
"""
# ruff: noqa: S608  # statements are built from names of ours

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infra.stores.columns import WHOSE, Column, column, columns_of
from projections.ports import Generation
from projections.reading import TENANT, Documents, Reading, Tally, View

SCHEMA = "readings"
OWNER = "registrar_run"
"""Whose the tables and views are, whichever process makes them: every other one may go on."""
TENANT_SET = "current_setting('registrar.tenant', true)"
"""Whose rows this transaction sees."""
PSEUDONYM = (
    "left(encode(sha256(k.outer_key || sha256(k.inner_key || convert_to(v.subject, 'UTF8'))),"
    " 'hex'), 32)"
)
"""An HMAC [RFC 2104] of a learner's id under the key of the tenant: 128 bits of it, as hex."""
FILLED_PERCENT = 60
"""Of a page when it is first written, where rows change: what they become then finds room beside
them, and no index is touched. It halves what an update costs the server."""


def table(of: Generation, name: str) -> str:
    """Return the table's name; it is safe to stand in SQL."""
    return f'{SCHEMA}."{_prefix(of)}{name}"'


def _prefix(of: Generation) -> str:
    return f"{of.reading.name}_v{of.reading.version}g{of.number}_"


def create(of: Generation) -> list[str]:
    """Return what makes the tables, with their keys and without other indexes."""
    made = []
    for documents in of.reading.documents:
        filled = 100 if documents.write_once else FILLED_PERCENT
        columns = document_columns(documents)
        made.append(_create(of, documents.name, columns, key_of(documents), filled))
        made += [
            f'alter table {table(of, documents.name)} add "{name}" {definition}'
            for name, definition in documents.generated.items()
        ]
    for tally in of.reading.tallies:
        key = (TENANT, *tally.dimensions)
        made.append(_create(of, tally.name, tally_columns(tally), key, FILLED_PERCENT))
    return made


def _create(
    of: Generation, name: str, columns: Sequence[Column], key: Sequence[str], filled: int
) -> str:
    fields = ", ".join(
        f'"{one.name}" {one.sql}{_collation(one, key)}{"" if one.nullable else " not null"}'
        for one in columns
    )
    made = f"create table {table(of, name)} ({fields}, primary key ({_names(key)}))"
    owned = f"alter table {table(of, name)} owner to {OWNER}"
    apart = f"select log.keep_apart('{table(of, name)}', true)"
    return f"{made} with (fillfactor = {filled}); {owned}; {apart}"


def _collation(one: Column, key: Sequence[str]) -> str:
    return ' collate "C"' if one.sql == "text" and one.name in key else ""


def indexes(of: Generation) -> list[str]:
    """Return what makes the other indexes; one that is there already is left."""
    return [
        f'create index if not exists "{_prefix(of)}{documents.name}_{number}"'
        f" on {table(of, documents.name)} {expression}"
        for documents in of.reading.documents
        for number, expression in enumerate(
            (*map(_within, documents.indexes), *documents.across), 1
        )
    ]


def _within(expression: str) -> str:
    """Put the tenant first in the columns of an index."""
    return expression.replace("(", f'("{TENANT}", ', 1)


def analyze(of: Generation) -> list[str]:
    """Return what tells the planner how full the tables are."""
    names = [d.name for d in of.reading.documents] + [t.name for t in of.reading.tallies]
    return [f"analyze {table(of, name)}" for name in names]


def view(of: Generation, wanted: View) -> str:
    """Return what makes a stable view or points it at this generation."""
    source = _rows(of, wanted)
    if wanted.keeps:
        source = f"select * from ({source}) kept where {TENANT} = {TENANT_SET}"
    invoker = "false" if wanted.keeps else "true"
    return (
        f'create or replace view views."{wanted.name}" with (security_invoker = {invoker})'
        f' as {source}; alter view views."{wanted.name}" owner to {OWNER};'
        f' grant select on views."{wanted.name}" to registrar_query'
    )


def analysts_view(of: Generation, wanted: View) -> str:
    """Return what makes the view that analysts see of a view, or points it at this generation.

    Its owner sees the rows of the tenant of whoever logged in, whatever they set or call. Nothing
    of theirs is evaluated before, for the view is a barrier. A pseudonym is made within it, so that
    nobody can have one made of a learner whom they know.
    """
    name = f'analytics."{wanted.name}"'
    fields = ", ".join(
        f'{PSEUDONYM} as "subject"' if one == "subject" else f'v."{one}"' for one in wanted.analysts
    )
    source = f"({_rows(of, wanted)}) v"
    if "subject" in wanted.analysts:
        source += f" join analysts.pseudonym_keys k on k.{TENANT} = v.{TENANT}"
    return (
        f"create or replace view {name} with (security_barrier = true)"
        f" as select {fields} from {source};"
        f" alter view {name} owner to registrar_analytics;"
        f" grant select on {name} to registrar_analyst"
    )


def _rows(of: Generation, wanted: View) -> str:
    """Return a select of what a view shows."""
    reading = of.reading
    names = [d.name for d in reading.documents] + [t.name for t in reading.tallies]
    tables = {name: table(of, name) for name in names}
    whose = f'{wanted.alias}."{TENANT}"' if wanted.alias else f'"{TENANT}"'
    fields, source = ", ".join((whose, *wanted.columns)), wanted.source.format_map(tables)
    return f"select {fields} from {source}"


def tables(name: str, version: int, number: int) -> str:
    """Return the pattern that the table names of a generation match, whatever it holds."""
    return f"^{name}_v{version}g{number}_"


def load(of: Generation, documents: Documents[Any]) -> str:
    """Return a select of the documents under keys given as one array a key column."""
    columns, key = document_columns(documents), key_of(documents)
    kinds = {one.name: one.sql for one in columns}
    arrays = ", ".join(f"%s::{kinds[name]}[]" for name in key)
    joined = " and ".join(f't."{name}" = wanted."{name}"' for name in key)
    fields = ", ".join("t." + one.selected for one in columns)
    return (
        f"select {fields} from unnest({arrays}) as wanted({_names(key)})"
        f" join {table(of, documents.name)} t on {joined}"
    )


def staged(of: Generation, name: str) -> str:
    """Return the temporary table that ``stage`` makes; it is safe to stand in SQL."""
    return f'pg_temp."{_prefix(of)}{name}"'


def given(columns: Sequence[Column]) -> str:
    """Return rows that are given as one array a column, in place of a table."""
    arrays = ", ".join(f"%s::{'text' if one.sql == 'jsonb' else one.sql}[]" for one in columns)
    fields = ", ".join(
        f'"{one.name}"::jsonb as "{one.name}"' if one.sql == "jsonb" else f'"{one.name}"'
        for one in columns
    )
    names = _names([one.name for one in columns])
    return f"(select {fields} from unnest({arrays}) as given({names}))"


def stage(of: Generation, name: str, columns: Sequence[Column]) -> list[str]:
    """Return what makes an empty temporary table for rows on their way, within a transaction."""
    fields = ", ".join(f'"{one.name}" {one.sql}' for one in columns)
    names = _names([one.name for one in columns])
    make = f'create temporary table if not exists "{_prefix(of)}{name}" ({fields})'
    fill = f"copy {staged(of, name)} ({names}) from stdin (format binary)"
    return [f"{make} on commit delete rows", fill]


def fill(of: Generation, name: str, columns: Sequence[Column]) -> str:
    """Return a COPY into the table itself, for rows that are new."""
    fields = _names([one.name for one in columns])
    return f"copy {table(of, name)} ({fields}) from stdin (format binary)"


def insert(of: Generation, documents: Documents[Any], source: str) -> str:
    """Return what puts rows that are new in."""
    fields = _names([one.name for one in document_columns(documents)])
    return f"insert into {table(of, documents.name)} ({fields}) select {fields} from {source} s"


def update(of: Generation, documents: Documents[Any], source: str) -> str:
    """Return what takes rows over the ones that are there."""
    rest = [one for one in documents.row.__struct_fields__ if one not in documents.key]
    joined = " and ".join(f't."{name}" = s."{name}"' for name in key_of(documents))
    taken = ", ".join(f'"{name}" = s."{name}"' for name in rest)
    return f"update {table(of, documents.name)} t set {taken} from {source} s where {joined}"


def add(of: Generation, tally: Tally, source: str) -> str:
    """Return what adds amounts to a tally's rows, in key order."""
    fields = _names([one.name for one in tally_columns(tally)])
    key = _names([TENANT, *tally.dimensions])
    sums = ", ".join(f'"{name}" = t."{name}" + excluded."{name}"' for name in tally.amounts)
    return (
        f"insert into {table(of, tally.name)} as t ({fields})"
        f" select {fields} from {source} s order by {key}"
        f" on conflict ({key}) do update set {sums}"
    )


def tally_columns(tally: Tally) -> tuple[Column, ...]:
    """Return the columns of a tally's table."""
    both = {**tally.dimensions, **tally.amounts}
    return (WHOSE, *(column(name, kind) for name, kind in both.items()))


def document_columns(documents: Documents[Any]) -> tuple[Column, ...]:
    """Return the columns of a table of documents."""
    return (WHOSE, *columns_of(documents.row))


def key_of(documents: Documents[Any]) -> tuple[str, ...]:
    """Return the columns of its key."""
    return (TENANT, *documents.key)


def _names(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def kinds(reading: Reading) -> dict[str, Documents[Any]]:
    """Return a reading's documents by name."""
    return {documents.name: documents for documents in reading.documents}
