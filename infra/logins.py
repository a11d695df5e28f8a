"""As whom does each kind of process log in to the database?"""

from __future__ import annotations

from enum import Enum

import psycopg
from psycopg.sql import SQL, Identifier


class Login(Enum):
    """The roles that migrations make, one a kind of process: each may do what its work needs."""

    COMMANDS = "registrar_commands"
    QUERIES = "registrar_queries"
    WORKERS = "registrar_workers"
    FOLLOWERS = "registrar_followers"
    RELAYS = "registrar_relays"


def let_in(dsn: str) -> None:
    """Let each of them log in, without a password: to a server that is reached by nobody but its
    owner. Raises psycopg.Error."""
    with psycopg.connect(dsn) as connection:
        for one in Login:
            connection.execute(SQL("alter role {} login").format(Identifier(one.value)))
