"""Row-level security: whoever asks without a tenant, or as no superuser, sees nobody's rows."""

# ruff: noqa: S608  # names of tables come from the catalog
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import psycopg2
import pytest

from infra.log.parts import begin_part
from infra.stores.reading import QUERY
from tests.databases import Databases
from tests.tenants.conftest import Two

HOLD_A_TENANT = """
  select c.oid::regclass::text, c.relrowsecurity and c.relforcerowsecurity
    and exists (select from pg_policy p where p.polrelid = c.oid),
    has_table_privilege('registrar_query', c.oid, 'select')
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant' and not a.attisdropped
  where c.relkind in ('r', 'p') and n.nspname !~ '^(pg_|information_schema$)'
    and n.nspname <> 'analysts'
  order by 1
"""
"""``analysts`` is seen by nobody but the owner, and by the views of analysts."""
Ask = Callable[[str, str | None, str], Sequence[tuple[Any, ...]]]


def by_psycopg(dsn: str, tenant: str | None, query: str) -> Sequence[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        connection.execute(f"set local role {QUERY}")
        if tenant is not None:
            connection.execute("select set_config('registrar.tenant', %s, true)", (tenant,))
        return connection.execute(query).fetchall()


def by_psycopg2(dsn: str, tenant: str | None, query: str) -> Sequence[tuple[Any, ...]]:
    """As tools for analysis connect."""
    connection = psycopg2.connect(dsn)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(f"set local role {QUERY}")
            if tenant is not None:
                cursor.execute("select set_config('registrar.tenant', %s, true)", (tenant,))
            cursor.execute(query)
            return list(cursor.fetchall())
    finally:
        connection.close()


def tables(dsn: str) -> list[tuple[str, bool, bool]]:
    with psycopg.connect(dsn) as connection:
        return list(connection.execute(HOLD_A_TENANT).fetchall())


def test_every_table_that_holds_a_tenant_has_a_policy(two: Two) -> None:
    """Whoever makes a table with a tenant, and keeps it not apart, hears of it here."""
    found = tables(two.dsn)
    assert [name for name, apart, _ in found if not apart] == []
    assert len([name for name, _, _ in found if name.startswith("readings.")]) > 15


@pytest.mark.parametrize("ask", [by_psycopg, by_psycopg2])
def test_no_tenant_no_rows(two: Two, ask: Ask) -> None:
    """Neither where none is set, nor where one is set that there is not; and of one that is, no
    row of another."""
    shown = [name for name, _, may in tables(two.dsn) if may]
    assert "log.facts" in shown
    rows = 0
    for name in shown:
        for tenant in (None, "", "nobody", "main'"):
            assert ask(two.dsn, tenant, f"select count(*) from {name}") == [(0,)], name
        for tenant in ("main", "other"):
            found = {whose for (whose,) in ask(two.dsn, tenant, f"select tenant from {name}")}
            assert found <= {tenant}
            rows += len(found)
    assert rows > 10, "the control: there are rows"


@pytest.mark.parametrize("ask", [by_psycopg, by_psycopg2])
def test_views_show_the_rows_of_the_tenant_that_is_set(two: Two, ask: Ask) -> None:
    """Each view, those that keep to the tenant by themselves among them."""
    names = ask(two.dsn, None, "select viewname from pg_views where schemaname = 'views'")
    assert len(names) > 10
    for (name,) in names:
        assert ask(two.dsn, None, f'select count(*) from views."{name}"') == [(0,)], name
        found = ask(two.dsn, "other", f'select distinct tenant from views."{name}"')
        assert set(found) <= {("other",)}, name


def test_queries_cannot_read_what_is_not_theirs_to_read(two: Two) -> None:
    """Keys of commands, the scheduler's list, who signs in: not even with a tenant set."""
    for name, _, may in tables(two.dsn):
        if not may:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                by_psycopg(two.dsn, "main", f"select * from {name}")
    for statement in (
        "select * from log.command_keys",
        "insert into log.epoch values ('x')",
        "delete from log.facts",
        "create table log.mine (tenant text)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            by_psycopg(two.dsn, "main", statement)


def test_a_query_goes_by_the_key(two: Two) -> None:
    """The tenant is the first column of it: row-level security costs no scan."""
    statement = "explain select * from views.enrolments where run = 'AAA-2013J' and subject = 's1'"
    with psycopg.connect(two.dsn) as connection:
        connection.execute("set enable_seqscan = off")
        connection.execute(f"set role {QUERY}")
        connection.execute("set registrar.tenant = 'main'")
        plan = "\n".join(row[0] for row in connection.execute(statement))
        words = "explain select * from views.search where tsv @@ to_tsquery('simple', 'tma')"
        found = "\n".join(row[0] for row in connection.execute(words))
    assert "Seq Scan" not in plan
    assert "Index Cond: ((tenant = current_setting" in plan
    assert "Seq Scan" not in found


def test_a_part_that_is_set_apart_stays_apart(databases_18: Databases) -> None:
    """The table that takes the place of the log's has its policies, too."""
    with databases_18.fresh() as dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute(
                "insert into log.facts values (1, now(), 1, 'main/a/b', 'T', 'main', null, '')"
            )
        assert begin_part(dsn) is not None
        assert [name for name, apart, _ in tables(dsn) if not apart] == []
        assert by_psycopg(dsn, None, "select count(*) from log.facts") == [(0,)]
        assert by_psycopg(dsn, "main", "select count(*) from log.facts") == [(1,)]
