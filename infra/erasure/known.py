"""Is there anything of a learner that could be erased?"""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import psycopg
from psycopg_pool import PoolTimeout

from commands.ports import Keys, LogUnavailable
from infra.pools import pool

CONNECTIONS_MAX = 1

# By names of streams, as facts are not searched by learner: those of the person, and an enrolment
# in any of the tenant's runs, without which there is nothing else of a learner.
_FOUND = """
  select w.subject from unnest(%(subjects)s::text[]) w(subject)
  where exists (select from log.facts f where f.stream in
      (%(of)s::text || '/learner/' || w.subject, %(of)s::text || '/erasure/' || w.subject))
    or exists (select from identity.actors a where a.tenant = %(of)s and a.actor = w.subject)
    or exists (
      select from log.facts r join log.facts e
        on e.stream = %(of)s::text || '/enrolment/' || split_part(r.stream, '/', 3) || '/'
          || w.subject and e.version = 1
      where r.stream >= %(of)s::text || '/run/' and r.stream < %(of)s::text || '/run0'
        and r.version = 1)
"""


class KnownLearners:
    """Implements ``commands.known.Known``. It asks the log: a reading may be behind."""

    def __init__(self, dsn: str, keys: Keys) -> None:
        self._keys = keys
        self._pool = pool(dsn, CONNECTIONS_MAX, "-c application_name=registrar-known")

    def close(self) -> None:
        """Let the connection go."""
        self._pool.close()

    async def of(self, tenant: str, subjects: Collection[str]) -> frozenset[str]:
        """Return those of whom there is anything: a key alone counts, too."""
        found = await asyncio.to_thread(self._found, tenant, subjects)
        left = [one for one in subjects if one not in found]
        return found | frozenset(await self._keys.existing(tenant, left) if left else ())

    def _found(self, tenant: str, subjects: Collection[str]) -> frozenset[str]:
        values = {"of": tenant, "subjects": list(subjects)}
        try:
            self._pool.open()
            with self._pool.connection() as connection:
                return frozenset(one for (one,) in connection.execute(_FOUND, values).fetchall())
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            raise LogUnavailable("it cannot be looked up whether somebody is known") from error
