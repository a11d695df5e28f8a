"""An analyst's login, and everything that somebody who holds it could try."""
# ruff: noqa: S608  # names of views come from the catalog

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from infra.analysts.logins import NotDone, add, listed, remove
from tests.tenants.conftest import SECRET, Two

FORBIDDEN = (
    "select * from views.enrolments",
    "select * from log.facts",
    "select * from analysts.logins",
    "select * from analysts.pseudonym_keys",
    "update analysts.logins set tenant = 'main'",
    "select log.head()",
    "select log.keep_apart('log.facts', true)",
    "set role registrar_query",
    "set role registrar_analytics",
    "set role registrar_run",
    "set session authorization registrar",
    "alter view analytics.enrolments set (security_barrier = false)",
    "create or replace view analytics.enrolments as select 1",
    "create table analytics.mine (a int)",
    "create temporary table mine (a int)",
    "create function pg_temp.leak(text) returns bool language sql as 'select true'",
    "create schema mine",
    "create extension dblink",
    "copy (select 1) to program 'true'",
    "copy (select 1) to '/tmp/out'",
    "select pg_read_file('PG_VERSION')",
    "select lo_create(0)",
    "select lo_from_bytea(0, 'x')",
    "select pg_advisory_lock(7236001)",
    "select pg_advisory_xact_lock(7236001)",
    "select pg_try_advisory_lock(7236002)",
    "select pg_notify('log', '1')",
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'registrar'",
    "alter role registrar password 'x'",
    "alter system set jit = off",
    "load 'auto_explain'",
    "set session_replication_role = replica",
)

REFUSED = (
    errors.InsufficientPrivilege,
    errors.ReadOnlySqlTransaction,
    errors.FeatureNotSupported,
)


@pytest.fixture(scope="module")
def theirs(two: Two) -> Iterator[str]:
    """The address by which an analyst of the second tenant logs in."""
    login, password = add(two.dsn, "eve", "other")
    two.theirs.get("enrolments/AAA-2013J/s1")
    yield make_conninfo(two.dsn, user=login, password=password)
    remove(two.dsn, "eve")


@pytest.fixture(scope="module")
def ours(two: Two) -> Iterator[str]:
    """The same for the first."""
    login, password = add(two.dsn, "ada", "main")
    yield make_conninfo(two.dsn, user=login, password=password)
    remove(two.dsn, "ada")


def views(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select viewname from pg_views where schemaname = 'analytics' order by 1"
        ).fetchall()
    return [name for (name,) in rows]


def everything(dsn: str, first: str = "select") -> dict[str, list[str]]:
    """All rows that the login sees, as text, after a statement of its own."""
    with psycopg.connect(dsn) as connection:
        connection.execute(first)
        return {
            name: [row for (row,) in connection.execute(f"select v::text from analytics.{name} v")]
            for name in views(dsn)
        }


def test_an_analyst_sees_their_tenant_under_pseudonyms(two: Two, ours: str, theirs: str) -> None:
    """One learner is one pseudonym in every view, another one in another tenant, and an HMAC."""
    mine, other = everything(ours), everything(theirs)
    assert len(mine["enrolments"]) == 3
    assert len(other["enrolments"]) == 1
    assert "verified" in str(mine["enrolments"])
    assert SECRET not in str(other)
    assert not any(f"{SECRET}-learner" in row or "s1," in row for row in mine["enrolments"])
    with psycopg.connect(ours) as connection:
        both = "select subject from analytics.enrolments intersect select subject from"
        shared = connection.execute(f"{both} analytics.item_progress").fetchall()
    with psycopg.connect(two.dsn) as connection:
        row = connection.execute(
            "select inner_key from analysts.pseudonym_keys where tenant = 'main'"
        ).fetchone()
    assert row is not None
    key = bytes(one ^ 0x36 for one in row[0][:32])
    assert shared == [(hmac.new(key, b"s1", hashlib.sha256).hexdigest()[:32],)]
    assert shared[0][0] not in str(other)


@pytest.mark.parametrize(
    "first",
    [
        "set registrar.tenant = 'main'",
        "set role none",
        "set search_path = views, log, readings, pg_catalog",
        "set row_security = off",
        "set default_transaction_read_only = off",
    ],
)
def test_no_setting_shows_more(theirs: str, first: str) -> None:
    """Whose rows a login sees rests on its name alone."""
    before = everything(theirs)
    if first == "set row_security = off":  # which raises where it would have to show more
        with pytest.raises(errors.InsufficientPrivilege):
            everything(theirs, first)
    else:
        assert everything(theirs, first) == before


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_what_an_analyst_may_not(theirs: str, statement: str) -> None:
    """Neither as the session begins, nor after it is made to write."""
    for first in ("select", "set default_transaction_read_only = off"):
        with psycopg.connect(theirs, autocommit=True) as connection:
            connection.execute(first)
            with pytest.raises(REFUSED):
                connection.execute(statement)


def test_nothing_is_told_by_catalogues_plans_or_errors(two: Two, theirs: str) -> None:
    """Commonest values, plans, and conditions that fail on the rows of others."""
    with psycopg.connect(two.dsn, autocommit=True) as connection:
        connection.execute("analyze")
    with psycopg.connect(theirs, autocommit=True) as connection:
        run = connection.execute
        assert (
            run("select * from pg_stats where schemaname in ('readings', 'log')").fetchall() == []
        )
        with pytest.raises(errors.InsufficientPrivilege):
            run("select stavalues1 from pg_statistic")
        queries = run("select query from pg_stat_activity where usename <> current_user").fetchall()
        assert {query for (query,) in queries} <= {"<insufficient privilege>", None, ""}
        # An oracle: the division fails on a row of ours, were it ever tried on one.
        oracle = "select 1 / (case when title like 'Zanzibar%' then 0 else 1 end) from analytics"
        assert run(f"{oracle}.courses").fetchall() == [(1,)]
        assert run(f"{oracle}.items").fetchall() == []
        run("select title::int from analytics.items").fetchall()
        plan = str(run("explain (analyze, verbose) select * from analytics.enrolments").fetchall())
        assert SECRET not in plan


def test_a_login_is_listed_and_goes(two: Two) -> None:
    """And with it its sessions; names are checked before anything is made."""
    login, password = add(two.dsn, "bob", "main")
    address = make_conninfo(two.dsn, user=login, password=password)
    assert ("analyst_bob", "main") in [(one.login, one.tenant) for one in listed(two.dsn)]
    with psycopg.connect(address) as session:
        remove(two.dsn, "bob")
        with pytest.raises(psycopg.OperationalError):
            session.execute("select")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address)
    for name, tenant in (("x; drop role registrar", "main"), ("carl", "nobody"), ("", "main")):
        with pytest.raises(NotDone):
            add(two.dsn, name, tenant)
    with pytest.raises(NotDone):
        remove(two.dsn, "bob")
