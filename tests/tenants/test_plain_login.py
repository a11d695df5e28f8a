"""Does it work for a login that is no superuser, and owns its database as on a shared server?"""

from __future__ import annotations

import os

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from infra.migrations import migrate
from infra.stores.reading import QUERY
from tests.databases import Databases
from tests.read_api.world import furnish, world

ROLES = ("query", "append", "relay", "run", "seal", "follow", "analytics", "analyst")


def test_the_owner_of_a_database_needs_to_be_no_superuser(databases_18: Databases) -> None:
    """Until an administrator has made it a member of the roles it is told which; then it appends,
    reads and queries, and forced row-level security holds for it as for others."""
    login, name = Identifier(f"keeper_{os.getpid()}"), Identifier(f"plain_{os.getpid()}")
    server = databases_18.server
    dsn = make_conninfo(server.address(f"plain_{os.getpid()}"), user=f"keeper_{os.getpid()}")
    with psycopg.connect(server.address("postgres"), autocommit=True) as administrator:
        run = administrator.execute
        run(SQL("create role {} login").format(login))
        run(SQL("create database {} owner {}").format(name, login))
        try:
            with pytest.raises(psycopg.Error, match="is not a member of the role registrar_query"):
                migrate(dsn)
            for role in ROLES:
                run(SQL("grant {} to {}").format(Identifier(f"registrar_{role}"), login))
            migrate(dsn)
            with world(dsn) as one:
                furnish(one)
                assert one.get("courses/AAA")["course"] == "AAA"
                certificate = one.get("enrolments/AAA-2013J/s1")["certificate"]
                assert one.ask(f"/console/certificates/{certificate}").status_code == 200
            with psycopg.connect(dsn) as owner:
                assert owner.execute("select count(*) > 0 from log.facts").fetchone() == (True,)
                owner.execute(f"set role {QUERY}")
                assert owner.execute("select count(*) from log.facts").fetchone() == (0,)
        finally:
            run(SQL("drop database if exists {} with (force)").format(name))
            run(SQL("drop role {}").format(login))
