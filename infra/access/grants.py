"""What was granted to somebody, by the log itself: no reading has to catch up first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from domain.access import Role
from domain.access.rules import holds
from domain.access.state import ACCESS
from domain.registry import Registry
from domain.tenants.state import TENANT, of_tenant
from infra.identity.errors import WrongToken
from infra.identity.grants import Granted
from projections.ports import StoreUnavailable

_FACTS = """
    select position, recorded_at, version, body from log.of_access_and_erasure(%s)"""


class LoggedGrants:
    """Implements ``infra.identity.grants.Grants``. A grant holds until it ends or is revoked; in a
    tenant whose erasure has begun, nobody has anything any more."""

    def __init__(
        self,
        pool: AsyncConnectionPool[AsyncConnection[Any]],
        registry: Registry,
        clock: Callable[[], datetime],
    ) -> None:
        self._pool = pool
        self._registry = registry
        self._clock = clock

    async def of(self, tenant: str, actor: str) -> Granted:
        """Return what an actor has at this moment. Raises WrongToken where their tenant is being
        erased, and StoreUnavailable."""
        own = of_tenant(tenant)
        try:
            async with self._pool.connection() as connection:
                streams = [ACCESS.of(tenant, actor).name, own.name]
                found = await (await connection.execute(_FACTS, (streams,))).fetchall()
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise StoreUnavailable(f"the log cannot be reached: {error}") from error
        state, its = ACCESS.initial, TENANT.initial
        for row in found:
            envelope = self._registry.decode(*row)
            if envelope.stream == own.name:
                its = TENANT.evolve(its, envelope.fact, envelope.occurred_at)
            else:
                state = ACCESS.evolve(state, envelope.fact, envelope.occurred_at)
        if its.begun:
            raise WrongToken("The tenant of the token was erased.")
        roles: set[Role] = set()
        runs: dict[Role, frozenset[str]] = {}
        for role, run in holds(state, self._clock()):
            if run is None:
                roles.add(Role(role))
            else:
                runs[Role(role)] = runs.get(Role(role), frozenset()) | {run}
        return Granted(frozenset(roles), runs)
