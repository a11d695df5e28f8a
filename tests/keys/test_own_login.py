"""Is a store of keys in PostgreSQL made and used by a login of its own, and by no other?"""

from __future__ import annotations

import asyncio
import os
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from infra.keys.epochs import MemoryEpochKeys
from infra.keys.postgres import PostgresDatabase
from infra.keys.rows import SqlKeyRows
from infra.keys.store import KeyStore
from tests.databases import Databases

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "deploy.md"
NAME = "registrar_keys"


def statements() -> list[str]:
    """Return what the how-to has an administrator run, under names of this test alone."""
    told = next(block for block in HOW_TO.read_text().split("```sql\n")[1:] if NAME in block)
    told = told.split("```")[0]
    own = told.replace(NAME, f"{NAME}_{os.getpid()}")
    return [one.strip() for one in own.split(";") if one.strip()]


def test_only_its_own_login_reaches_the_store_of_keys(databases_18: Databases) -> None:
    """The how-to's statements make it; whoever else has a login to the server does not get in, and
    the login owns nothing but this database."""
    server, name = databases_18.server, f"{NAME}_{os.getpid()}"
    other = f"{name}_other"
    with psycopg.connect(server.address("postgres"), autocommit=True) as administrator:
        run = administrator.execute
        run(SQL("create role {} login").format(Identifier(other)))
        try:
            for statement in statements():
                run(SQL(statement))  # type: ignore[arg-type]  # as the how-to says it
            own = make_conninfo(server.address(name), user=name)
            with closing(KeyStore(SqlKeyRows(PostgresDatabase(own)), MemoryEpochKeys())) as store:
                store.open()
                made = asyncio.run(store.for_subjects("main", ["s1"]))
                assert asyncio.run(store.existing("main", ["s1", "s2"])).keys() == made.keys()
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(make_conninfo(server.address(name), user=other))
            role = run(
                "select rolsuper, rolcreatedb, rolcreaterole, rolbypassrls from pg_roles"
                " where rolname = %s",
                (name,),
            ).fetchone()
            assert role == (False, False, False, False)
        finally:
            run(SQL("drop database if exists {} with (force)").format(Identifier(name)))
            for one in (name, other):
                run(SQL("drop role if exists {}").format(Identifier(one)))
