"""What is there of a tenant that is to be forgotten, and where may more of it lie?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, LiteralString, TypeVar

import psycopg

from domain.privacy.state import ERASURE
from domain.registry import Registry
from infra.analysts.logins import REMOVE_ALL
from infra.keys.store import KeyStore
from infra.outages import unavailable
from infra.pools import pool
from projections.ports import StoreUnavailable
from streams.policies.leaving import Progress

T = TypeVar("T")

CONNECTIONS_MAX = 1
SUBJECTS_MAX = 5_000
"""Learners that are looked up at a time."""

TRACES: Mapping[str, LiteralString] = {
    "identity.actors": "delete from identity.actors where tenant = %s",
    "jobs.jobs": "delete from jobs.jobs where tenant = %s",
    "issuer.users": "delete from issuer.users where tenant = %s",
    "issuer.clients": "delete from issuer.clients where tenant = %s",
    "analysts.pseudonym_keys": "delete from analysts.pseudonym_keys where tenant = %s",
}
"""By table: the statement that deletes what leads from a tenant's pseudonyms to its people, what
was exported of them, and what lets them in."""

# The names of a tenant's streams lie between its own with a slash, and its own with what follows a
# slash among characters.
_HOLDS = """
  select position, recorded_at, version, body from log.facts
  where stream >= %(of)s::text || '/erasure/' and stream < %(of)s::text || '/erasure0'
    and type in ('LegalHoldPlaced', 'LegalHoldLifted')
  order by stream, version
"""
_UNASKED = """
  select subject from (
    select distinct subject from log.facts
    where stream >= %(of)s::text || '/' and stream < %(of)s::text || '0' and subject is not null) s
  where not exists (
    select from log.facts e
    where e.stream = %(of)s::text || '/erasure/' || s.subject and e.type = 'ErasureRequested')
  limit %(limit)s
"""
_ASKED = """
  select subject from log.facts
  where stream = any(%(streams)s) and type = 'ErasureRequested'
"""
_PROGRESS = """
  select count(distinct stream) filter (where type = 'SubjectErased'),
    count(distinct stream) filter (where type = 'ErasureRequested') from log.facts
  where stream >= %(of)s::text || '/erasure/' and stream < %(of)s::text || '/erasure0'
"""


class Leaving:
    """Implements ``streams.policies.leaving.Leaves``. It asks the log: a reading may be behind."""

    def __init__(self, keys: KeyStore, dsn: str, registry: Registry) -> None:
        self._keys = keys
        self._registry = registry
        self._pool = pool(dsn, CONNECTIONS_MAX, "-c application_name=registrar-leaving")

    def close(self) -> None:
        """Let the connection go."""
        self._pool.close()

    async def enter(self, tenant: str, request: str, ground: str) -> None:
        """Enter the tenant in the ledger."""
        await asyncio.to_thread(self._keys.erase_tenant, tenant, request, ground)

    async def held(self, tenant: str) -> Mapping[str, Sequence[str]]:
        """Return the learners on whom legal holds stand."""
        states: dict[str, Any] = {}
        for row in await self._rows(_HOLDS, of=tenant):
            fact = self._registry.decode(*row)
            subject = fact.subject or ""
            before = states.get(subject, ERASURE.initial)
            states[subject] = ERASURE.evolve(before, fact.fact, fact.occurred_at)
        return {subject: sorted(one.holds) for subject, one in states.items() if one.holds}

    async def unasked(self, tenant: str) -> Sequence[str]:
        """Return some learners whose erasure nobody asked for: of whom there are facts, and then
        those of whom there is a key alone."""
        rows = await self._rows(_UNASKED, of=tenant, limit=SUBJECTS_MAX)
        if rows:
            return [subject for (subject,) in rows]
        after = ""
        while page := await asyncio.to_thread(self._keys.subjects, tenant, after, SUBJECTS_MAX):
            streams = [ERASURE.of(tenant, subject).name for subject in page]
            asked = {subject for (subject,) in await self._rows(_ASKED, streams=streams)}
            if left := [subject for subject in page if subject not in asked]:
                return left
            after = page[-1]
        return []

    async def progress(self, tenant: str) -> Progress:
        """Return how far the erasures are."""
        ((erased, asked),) = await self._rows(_PROGRESS, of=tenant)
        return Progress(erased, asked - erased)

    async def forget(self, tenant: str) -> Mapping[str, int]:
        """Delete what leads to people, and lets them in."""
        return await asyncio.to_thread(self._reached, self._forget, tenant)

    def _forget(self, tenant: str) -> dict[str, int]:
        removed = {}
        with self._pool.connection() as connection:
            removed["logins of analysts"] = connection.execute(REMOVE_ALL, (tenant,)).rowcount
            for table, statement in TRACES.items():
                removed[table] = connection.execute(statement, (tenant,)).rowcount
        return removed

    async def _rows(self, statement: LiteralString, **values: Any) -> list[tuple[Any, ...]]:
        def rows() -> list[tuple[Any, ...]]:
            with self._pool.connection() as connection:
                return connection.execute(statement, values).fetchall()

        return await asyncio.to_thread(self._reached, rows)

    def _reached(self, call: Callable[..., T], *given: object) -> T:
        """Do what needs the database. Raises StoreUnavailable."""
        try:
            self._pool.open()
            with unavailable():
                return call(*given)
        except psycopg.errors.InsufficientPrivilege as error:
            raise StoreUnavailable(f"an analyst's login cannot be removed: {error}") from error
