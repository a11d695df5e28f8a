"""Is this the store of keys that the log's personal fields are sealed with?

Two stores under one log would each make keys that the other lacks, and what was sealed with either
could not be opened by the other. So the log's database knows the name of its store.
"""

from __future__ import annotations

import psycopg

from infra.keys.ports import WrongKeyStore
from infra.keys.store import DIGEST, KeyStore
from infra.pools import CONNECT_SECONDS_MAX

LOCK = 7_236_020
"""The advisory lock that lets one process move keys."""
PAGE = 1_000


def adopt(dsn: str, store: KeyStore) -> int:
    """Have this store be the log's, if it has none yet, and move keys that the database itself
    held in earlier versions. Returns how many were moved.

    Raises WrongKeyStore where the log has another, KeysUnavailable, and psycopg.Error.
    """
    name = store.open()
    with psycopg.connect(dsn, connect_timeout=int(CONNECT_SECONDS_MAX)) as connection:
        connection.execute(
            "insert into keys.store (name) values (%s) on conflict do nothing", (name,)
        )
        if connection.execute("select name from keys.store").fetchone() != (name,):
            raise WrongKeyStore(
                "these are not the keys of this log: its personal fields are sealed with another "
                "store of keys; set REGISTRAR_KEYS_URL, or REGISTRAR_DATA, to where that is"
            )
        if not _holds_keys(connection):
            return 0
        connection.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
        if not _holds_keys(connection):
            return 0
        moved = {
            (tenant, subject): key
            for tenant, subject, key in connection.execute(
                "select tenant, subject, key from keys.subjects"
            )
        }
        secret = connection.execute("select secret from keys.digest_secret").fetchone()
        every = [*moved.items(), *([(DIGEST, secret[0])] if secret else [])]
        for first in range(0, len(every), PAGE):
            store.adopt(dict(every[first : first + PAGE]))
        connection.execute("drop table keys.subjects, keys.digest_secret")
    return len(moved)


def _holds_keys(connection: psycopg.Connection) -> bool:
    return connection.execute("select to_regclass('keys.subjects')").fetchone() != (None,)
