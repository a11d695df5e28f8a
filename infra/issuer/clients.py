"""Where are the programs kept that may ask for tokens, and how does one prove which it is?"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from psycopg.rows import class_row

from infra.issuer.model import Client
from infra.issuer.secrets import digest
from infra.issuer.users import Pool

CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,56}")
"""What a program may be called: the server takes tokens of no longer ones."""


class Clients:
    """The table of programs."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def all(self) -> list[Client]:
        """Return every program, by name."""
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(Client)) as cursor,
        ):
            await cursor.execute("select * from issuer.clients order by id")
            return await cursor.fetchall()

    async def known(self, client: str) -> Client | None:
        """Return the program of this name."""
        if not CLIENT_ID.fullmatch(client):
            return None
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(Client)) as cursor,
        ):
            await cursor.execute("select * from issuer.clients where id = %s", (client,))
            return await cursor.fetchone()

    async def put(self, client: Client) -> None:
        """Make a program known, or replace what is known of it."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "insert into issuer.clients"
                " (id, name, tenant, scopes, secret, redirect_uris, signed_out_uris)"
                " values (%s, %s, %s, %s, %s, %s, %s) on conflict (id) do update"
                " set name = excluded.name, tenant = excluded.tenant, scopes = excluded.scopes,"
                " secret = excluded.secret, redirect_uris = excluded.redirect_uris,"
                " signed_out_uris = excluded.signed_out_uris",
                tuple(list(part) if isinstance(part, (list, tuple)) else part for part in client),
            )

    async def remove(self, client: str) -> bool:
        """Forget a program, and with it all that it was given. False: there was none."""
        async with self._pool.connection() as connection:
            gone = await connection.execute("delete from issuer.clients where id = %s", (client,))
            return gone.rowcount == 1


def proves_itself(client: Client, secret: str | None) -> bool:
    """Whether a program that says it is this one is believed: by its secret, or, where it has none,
    at its word. Such a one gets a token only for a code, with the verifier of that."""
    if client.secret is None:
        return secret is None
    return secret is not None and hmac.compare_digest(client.secret, digest(secret))


def wrong_redirect(uris: Sequence[str]) -> str | None:
    """Return the first of these that no browser should be sent to [RFC 9700, 2.1]; None: all may.
    Without TLS it must be this machine."""
    for uri in uris:
        parts = urlsplit(uri)
        here = parts.hostname in ("127.0.0.1", "::1", "localhost")
        if (
            not parts.hostname
            or parts.fragment
            or parts.username
            or (parts.scheme != "https" and not (parts.scheme == "http" and here))
        ):
            return uri
    return None
