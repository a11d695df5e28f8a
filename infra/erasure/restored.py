"""Is everybody still forgotten who was, when an old backup of the log may have been restored?"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, assert_never

import psycopg

from commands.requests import Cause
from domain.access import INSTALLATION, Principal, Role
from domain.privacy.facts import ErasureBegun, SubjectErased
from domain.privacy.state import ERASURE
from domain.tenants.facts import TenantErased, TenantErasureBegun
from domain.tenants.state import of_tenant
from infra.keys.ports import Erased, ErasedTenant
from infra.keys.store import KeyStore
from infra.pools import CONNECT_SECONDS_MAX
from streams.ports import Dispatch, Order

PAGE = 1_000
LOOK_SECONDS = 0.2
NAME = "erasure-ledger"

_BEGUN = (TenantErasureBegun.__name__, ErasureBegun.__name__)
_DONE = (TenantErased.__name__, SubjectErased.__name__)

_log = logging.getLogger(__name__)


class _Entry(NamedTuple):
    """What the ledger says was erased, on which stream the log tells of it, and what the log says:
    when it began, and whether it is done."""

    ledger: Erased | ErasedTenant
    stream: str
    begun: datetime | None = None
    done: bool = False

    @property
    def waits(self) -> bool:
        """Whether its erasure is to be done again, or is being: it began later than the ledger
        says."""
        return not self.done and (self.begun is None or self.begun > self.ledger.at)


async def repeat_erasures(keys: KeyStore, dsn: str, dispatch: Dispatch) -> int:
    """Ask for every erasure in the ledger that the log has nothing of, tenants first. Returns how
    many.

    Raises LogUnavailable, and psycopg.Error.
    """
    compared = await asyncio.to_thread(lambda: list(_compared(keys, dsn)))
    lacking = [one.ledger for one in compared if one.begun is None]
    for entry in lacking:
        name, tenant, body = _again(entry)
        who = Principal(f"policy:{NAME}", tenant, NAME, frozenset({Role.POLICY}))
        order = Order(name, {**body, "ground": entry.ground}, f"again/{entry.request}")
        await dispatch(order, who, Cause(entry.request, entry.request))
    if lacking:
        _log.warning("the log was restored: %d erasures are done again", len(lacking))
    return len(lacking)


def _again(entry: Erased | ErasedTenant) -> tuple[str, str, Mapping[str, str]]:
    """Return the command that has it erased again, in which tenant, and about whom."""
    match entry:
        case ErasedTenant(tenant=tenant):
            return "repeat-tenant-erasure", INSTALLATION, {"tenant": tenant}
        case Erased(tenant=tenant, subject=subject):
            return "repeat-erasure", tenant, {"subject": subject}
        case _:
            assert_never(entry)


async def until_erased(keys: KeyStore, dsn: str) -> None:
    """Return once all that was begun again because the log was restored is done.

    Whoever serves waits for it: what an old backup brought back is not shown. Raises psycopg.Error,
    and KeysUnavailable.
    """
    waiting = await asyncio.to_thread(_waiting, keys, dsn)
    if waiting:
        _log.warning("nobody is served before %d erasures are done again", waiting)
    while waiting:
        await asyncio.sleep(LOOK_SECONDS)
        waiting = await asyncio.to_thread(_waiting, keys, dsn)


def _waiting(keys: KeyStore, dsn: str) -> int:
    return sum(one.waits for one in _compared(keys, dsn))


def _compared(keys: KeyStore, dsn: str) -> Iterator[_Entry]:
    """Yield the ledger's entries with what the log says of each."""
    with psycopg.connect(dsn, connect_timeout=int(CONNECT_SECONDS_MAX)) as connection:
        for page in _pages(keys):
            rows = connection.execute(
                "select stream, type, recorded_at from log.of_access_and_erasure(%s)"
                " where type = any(%s)",
                ([one.stream for one in page], [*_BEGUN, *_DONE]),
            ).fetchall()
            begun = {stream: at for stream, type_, at in rows if type_ in _BEGUN}
            done = {stream for stream, type_, _ in rows if type_ in _DONE}
            for one in page:
                yield one._replace(begun=begun.get(one.stream), done=one.stream in done)


def _pages(keys: KeyStore) -> Iterator[Sequence[_Entry]]:
    yield [_Entry(one, of_tenant(one.tenant).name) for one in keys.erased_tenants()]
    after = ("", "")
    while page := keys.erased(after, PAGE):
        yield [_Entry(one, ERASURE.of(one.tenant, one.subject).name) for one in page]
        after = (page[-1].tenant, page[-1].subject)
