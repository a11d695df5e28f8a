"""Where may something of a learner lie, and how is it destroyed there?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import psycopg
from psycopg.sql import SQL

from commands.held_keys import KEY_SECONDS_MAX
from infra.keys.store import KeyStore
from infra.outages import unavailable
from infra.pools import pool
from projections.ports import StoreUnavailable
from streams.policies.forgetting import Forgotten

CONNECTIONS_MAX = 2
WAIT_SECONDS_MAX = 5.0
"""So long a step waits for another process before it is tried anew."""
POLL_SECONDS = 0.1
HELD_MARGIN = timedelta(seconds=0.5)
"""Beyond the time that keys may be held: clocks of machines differ by less."""

TRACES: Mapping[str, LiteralString] = {
    "identity.actors": "delete from identity.actors where tenant = %s and actor = %s",
    "jobs.jobs": (
        "delete from jobs.jobs where tenant = %s and about = %s and kind = 'subject-access'"
    ),
}
"""By table: the statement that deletes what leads from a pseudonym to a person, and what was
exported of them."""
_SEARCHED = "select min(position) from readings.state where name = 'search' and live"
_TOLD = """select r.position from streams.relay r join log.epoch e on e.name = r.epoch
           where r.name = 'public'"""


class Forgetting:
    """Implements ``streams.policies.forgetting.Forgets``.

    ``expunge`` has the search index drop the bytes of documents that were replaced (None: there is
    no index of its own); ``relays``: there are consumers outside.
    """

    def __init__(
        self,
        keys: KeyStore,
        dsn: str,
        expunge: Callable[[], None] | None = None,
        *,
        relays: bool = False,
        held_seconds: float = KEY_SECONDS_MAX,
    ) -> None:
        self._keys = keys
        self._pool = pool(dsn, CONNECTIONS_MAX, "-c application_name=registrar-erasure")
        self._expunge = expunge
        self._relays = relays
        self._held = timedelta(seconds=held_seconds) + HELD_MARGIN
        self._purging = asyncio.Lock()
        self._purged_through = 0

    def close(self) -> None:
        """Let the connections go."""
        self._pool.close()

    async def destroy_key(self, tenant: str, subject: str, request: str, ground: str) -> Forgotten:
        """Destroy the learner's key and enter it in the ledger."""
        entry = await asyncio.to_thread(self._keys.destroy, tenant, subject, request, ground)
        return Forgotten({"keys": 1, "ledger": 1}, entry.epoch, entry.at)

    async def drop_caches(self, destroyed_at: datetime) -> Forgotten:
        """Wait until every process has let the key go, as each does by itself."""
        left = destroyed_at + self._held - datetime.now(UTC)
        await asyncio.sleep(max(0.0, min(left, self._held).total_seconds()))
        return Forgotten({"held keys": 1})

    async def delete_rows(self, tenant: str, subject: str) -> Forgotten:
        """Delete what leads from the learner's pseudonym to the person."""
        return Forgotten(await asyncio.to_thread(self._delete, tenant, subject))

    async def purge_index(self, position: int) -> Forgotten:
        """Wait for the search to be there, and expunge once for all who came by then."""
        async with self._purging:
            if position > self._purged_through:
                through = await self._reached(_SEARCHED, position, "the search")
                if self._expunge is not None:
                    await asyncio.to_thread(self._expunge)
                self._purged_through = through
        return Forgotten({"search": 1})

    async def tell_outside(self, position: int) -> Forgotten:
        """Wait for the relay to be there: it sends the tombstone with the fact."""
        if not self._relays:
            return Forgotten({})
        await self._reached(_TOLD, position, "the relay")
        return Forgotten({"public topic": 1})

    async def end_epoch(self, tenant: str, subject: str) -> Forgotten:
        """Destroy the key of the epoch that the learner's key was wrapped in."""
        entry = await asyncio.to_thread(self._keys.destroy, tenant, subject, "", "")
        rotated = await asyncio.to_thread(self._keys.end_epochs, entry.epoch)
        removed = {} if rotated is None else {"epoch keys": len(rotated.destroyed)}
        return Forgotten(removed, entry.epoch)

    def _delete(self, tenant: str, subject: str) -> dict[str, int]:
        removed = {}
        self._pool.open()
        with unavailable(), self._pool.connection() as connection:
            for table, statement in TRACES.items():
                known = connection.execute("select to_regclass(%s) is not null", (table,))
                if known.fetchone() == (True,):
                    removed[table] = connection.execute(statement, (tenant, subject)).rowcount
        return removed

    async def _reached(self, statement: LiteralString, position: int, who: str) -> int:
        """Return how far somebody is, at this position or beyond. Raises StoreUnavailable."""
        deadline = asyncio.get_running_loop().time() + WAIT_SECONDS_MAX
        while True:
            at = await asyncio.to_thread(self._position, statement)
            if at >= position:
                return at
            if asyncio.get_running_loop().time() > deadline:
                raise StoreUnavailable(f"an erasure waits for {who}: at {at}, not at {position}")
            await asyncio.sleep(POLL_SECONDS)

    def _position(self, statement: LiteralString) -> int:
        self._pool.open()
        with unavailable(), self._pool.connection() as connection:
            row: tuple[int | None] | None = _one(connection, statement)
        return 0 if row is None else row[0] or 0


def _one(connection: psycopg.Connection, statement: LiteralString) -> tuple[int | None] | None:
    return connection.execute(SQL(statement)).fetchone()
