"""How does an analyst get a login to the database that sees pseudonyms of one tenant, and no more?

Whose rows a login sees stands in a table that nobody but the owner sees, under the name that it
logged in with: an analyst can set any variable, but cannot be somebody else.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from infra.pools import CONNECT_SECONDS_MAX

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
PREFIX = "analyst_"
"""Begins the name of every login: no other role of the server is made, changed or dropped here."""
SECRET_BYTES = 24
CONNECTIONS_MAX = 3
STATEMENT_SECONDS_MAX = 60
BLOCK_BYTES = 64
"""Of SHA-256, to which an HMAC pads its key [RFC 2104]."""

# What a login could do harm with where everybody may; temporary functions may leak what they see.
_NO_TEMPORARY = SQL(
    "revoke temporary on database {database} from public;"
    " grant temporary on database {database} to registrar_run"
)
_OPEN = """
  select p.oid::regprocedure::text from pg_proc p
  where p.pronamespace = 'pg_catalog'::regnamespace
    and p.proname in ('pg_advisory_lock', 'pg_advisory_xact_lock', 'lo_create', 'pg_notify')
    and has_function_privilege('registrar_analyst', p.oid, 'execute')
  order by 1
"""

REMOVE_ALL = "select analysts.remove(login) from analysts.logins where tenant = %s"
"""Ends the sessions of a tenant's analysts, and drops their logins: a row each."""


class Analyst(NamedTuple):
    """A login, and whose rows it sees."""

    login: str
    tenant: str
    added_at: datetime
    added_by: str


class NotDone(Exception):
    """The login cannot be made or removed. One sentence."""


def add(dsn: str, name: str, tenant: str) -> tuple[str, str]:
    """Make a login for an analyst of a tenant. Returns it and its password, which is kept nowhere.

    Raises NotDone or psycopg.Error.
    """
    if not NAME.fullmatch(name):
        raise NotDone("a name is small letters, digits and _, up to 40, and begins with a letter")
    login, password = PREFIX + name, secrets.token_urlsafe(SECRET_BYTES)
    with _connected(dsn) as connection:
        known = "select from log.facts where tenant = %s limit 1"
        if connection.execute(known, (tenant,)).fetchone() is None:
            raise NotDone(f"there is no tenant {tenant}")
        connection.execute(_NO_TEMPORARY.format(database=Identifier(connection.info.dbname)))
        left = [function for (function,) in connection.execute(_OPEN).fetchall()]
        if left:
            raise NotDone(
                f"every login of this server may call {left[0]}: have a superuser run"
                f" revoke execute on function {', '.join(left)} from public"
            )
        if connection.execute("select from pg_roles where rolname = %s", (login,)).fetchone():
            raise NotDone(f"there is a login {login} already")
        encrypted = connection.pgconn.encrypt_password(
            password.encode(), login.encode(), b"scram-sha-256"
        )
        role = Identifier(login)
        for statement in (
            SQL(
                "create role {} login inherit nosuperuser nocreatedb nocreaterole noreplication"
                " nobypassrls connection limit {} password {}"
            ).format(role, Literal(CONNECTIONS_MAX), Literal(encrypted.decode())),
            SQL("grant registrar_analyst to {}").format(role),
            SQL("alter role {} set default_transaction_read_only = on").format(role),
            SQL("alter role {} set search_path = analytics").format(role),
            SQL("alter role {} set statement_timeout = {}").format(
                role, Literal(f"{STATEMENT_SECONDS_MAX}s")
            ),
        ):
            connection.execute(statement)
        connection.execute(
            "insert into analysts.logins (login, tenant, added_by) values (%s, %s, session_user)",
            (login, tenant),
        )
        key = secrets.token_bytes(32).ljust(BLOCK_BYTES, b"\0")
        connection.execute(
            "insert into analysts.pseudonym_keys (tenant, inner_key, outer_key)"
            " values (%s, %s, %s) on conflict (tenant) do nothing",
            (tenant, bytes(one ^ 0x36 for one in key), bytes(one ^ 0x5C for one in key)),
        )
    return login, password


def remove(dsn: str, name: str) -> None:
    """Remove an analyst's login, and end its sessions. Raises NotDone or psycopg.Error."""
    with _connected(dsn) as connection:
        found = connection.execute("select analysts.remove(%s)", (PREFIX + name,)).fetchone()
    if found != (True,):
        raise NotDone(f"there is no login {PREFIX}{name} for this database")


def listed(dsn: str) -> Sequence[Analyst]:
    """Return the analysts of this database, by tenant and login. Raises psycopg.Error."""
    with _connected(dsn) as connection:
        rows = connection.execute(
            "select login, tenant, added_at, added_by from analysts.logins order by tenant, login"
        ).fetchall()
    return [Analyst(*row) for row in rows]


def _connected(dsn: str) -> psycopg.Connection:
    return psycopg.connect(dsn, connect_timeout=int(CONNECT_SECONDS_MAX))
