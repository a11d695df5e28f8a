"""How is an old part of the log set apart, so that it can lie on other storage?

The table that is appended to becomes a part, a table of its own, and an empty one takes its place
and inherits the parts: whoever reads ``log.facts`` reads them all. No row is written or moved, so
every proof stays as it is.

The unique index of a part does not see what the others hold. That is no matter to whoever read a
stream after its part was set apart, for the version that follows is in none of them. So it is done
while nobody is connected: no process goes on with what it read before.
"""

from __future__ import annotations

from typing import LiteralString, NamedTuple

import psycopg
from psycopg.sql import SQL, Composed, Identifier

from infra.pools import CONNECT_SECONDS_MAX

_OTHERS = (
    "select count(*) from pg_stat_activity where datname = current_database()"
    " and pid <> pg_backend_pid() and backend_type = 'client backend'"
)
_CHECKS = (
    "select conname, pg_get_constraintdef(oid) from pg_constraint"
    " where conrelid = 'log.facts'::regclass and contype = 'c'"
)
_KEYS = (
    "select conname, pg_get_constraintdef(oid) from pg_constraint"
    " where conrelid = 'log.facts'::regclass and contype in ('p', 'u')"
)
_INDEXES = (
    "select c.relname, pg_get_indexdef(i.indexrelid) from pg_index i"
    " join pg_class c on c.oid = i.indexrelid where i.indrelid = 'log.facts'::regclass"
    " and not exists (select from pg_constraint o where o.conindid = i.indexrelid)"
)
_TRIGGERS = (
    "select tgname, pg_get_triggerdef(oid) from pg_trigger where tgrelid = 'log.facts'::regclass"
    " and not tgisinternal"
)
_GRANTS = (
    "select a.privilege_type,"
    " case a.grantee when 0 then 'public' else a.grantee::regrole::text end"
    " from pg_class c, aclexplode(c.relacl) a"
    " where c.oid = 'log.facts'::regclass and a.grantee <> c.relowner"
)
_PARTS = (
    "select c.relname, c.relkind::text from pg_inherits h"
    " join pg_class c on c.oid = h.inhrelid where h.inhparent = 'log.facts'::regclass"
)

Named = list[tuple[str, str]]
"""What a catalogue holds of the table: the name of each, and what it says."""


class InUse(Exception):
    """The database is in use, and what others read of it before would not hold. One sentence."""


class Part(NamedTuple):
    """A table, and the last position in it."""

    table: str
    through: int


def begin_part(dsn: str) -> Part | None:
    """Set apart all that is recorded so far, at once, whatever its size; None: nothing is new.

    Raises InUse or psycopg.Error.
    """
    with psycopg.connect(dsn, connect_timeout=int(CONNECT_SECONDS_MAX)) as connection:
        connection.execute("lock table log.facts in access exclusive mode")
        (others,) = connection.execute(_OTHERS).fetchone() or (0,)
        if others:
            raise InUse(f"{others} sessions are open on this database: stop what uses it first")
        query = "select max(position) from only log.facts"
        (through,) = connection.execute(query).fetchone() or (None,)
        if through is None:
            return None
        part = Part(f"facts_to_{through}", through)
        _replace(connection, part.table)
    return part


def _replace(connection: psycopg.Connection, old: str) -> None:
    """Let an empty table take the place of log.facts, which is called ``old`` from now on."""
    checks = _of(connection, _CHECKS)
    keys, indexes = _of(connection, _KEYS), _of(connection, _INDEXES)
    triggers, grants = _of(connection, _TRIGGERS), _of(connection, _GRANTS)
    parts = [name for name, _ in _of(connection, _PARTS)]
    number = old.rpartition("_")[2]
    run = connection.execute
    for name, _ in keys + indexes:
        run(_sql("alter index log.{} rename to {}", name, f"{name}_to_{number}"))
    run(_sql("alter table log.facts rename to {}", old))
    run(
        _sql(
            "create table log.facts (like log.{}"
            " including defaults including storage including compression)",
            old,
        )
    )
    for name, says in checks + keys:
        run(_sql("alter table log.facts add constraint {} ", name) + SQL(says))
    for _, says in indexes + triggers:
        run(SQL(says))
    for privilege, role in grants:
        run(SQL(f"grant {privilege} on log.facts to {role}"))
    run("select log.keep_apart('log.facts', true)")
    for name in parts:
        run(_sql("alter table log.{} no inherit log.{}", name, old))
    for name in (*parts, old):
        run(_sql("alter table log.{} inherit log.facts", name))


def _of(connection: psycopg.Connection, query: LiteralString) -> Named:
    return list(connection.execute(query).fetchall())


def _sql(statement: LiteralString, *names: str) -> Composed:
    return SQL(statement).format(*map(Identifier, names))
