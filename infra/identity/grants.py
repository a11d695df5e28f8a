"""Which roles were given to somebody here?"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from domain.access import Role

KEPT_SECONDS = 1.0
"""So long a role that was taken away may still be used."""
KEPT_MAX = 10_000


class Granted(msgspec.Struct, frozen=True):
    """The roles of one actor: in the whole tenant, and for each role the runs where it holds
    beside."""

    roles: frozenset[Role] = frozenset()
    runs: Mapping[Role, frozenset[str]] = msgspec.field(default_factory=dict)


class Grants(Protocol):
    """Knows what was granted and not taken back."""

    async def of(self, tenant: str, actor: str) -> Granted:
        """Return what an actor has. Raises WrongToken where their tenant is gone, and
        StoreUnavailable."""


class KeptGrants:
    """Implements ``Grants`` with what others said a moment ago."""

    def __init__(self, grants: Grants, clock: Callable[[], float] = time.monotonic) -> None:
        self._grants = grants
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], tuple[float, Granted]] = OrderedDict()

    async def of(self, tenant: str, actor: str) -> Granted:
        """Return what an actor has, or had a moment ago."""
        kept = self._kept.get((tenant, actor))
        now = self._clock()
        if kept is not None and kept[0] > now:
            return kept[1]
        granted = await self._grants.of(tenant, actor)
        self._kept[tenant, actor] = (now + KEPT_SECONDS, granted)
        self._kept.move_to_end((tenant, actor))
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return granted
