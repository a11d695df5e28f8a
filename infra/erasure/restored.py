"""Is everybody still forgotten who was, when an old backup of the log may have been restored?"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

import psycopg

from commands.requests import Cause
from domain.access import Principal, Role
from domain.privacy.facts import ErasureBegun, SubjectErased
from domain.privacy.state import ERASURE
from infra.keys.ports import Erased
from infra.keys.store import KeyStore
from infra.pools import CONNECT_SECONDS_MAX
from streams.ports import Dispatch, Order

PAGE = 1_000
LOOK_SECONDS = 0.2
NAME = "erasure-ledger"

_log = logging.getLogger(__name__)


async def repeat_erasures(keys: KeyStore, dsn: str, dispatch: Dispatch) -> int:
    """Ask for every erasure in the ledger that the log has nothing of. Returns how many.

    Raises LogUnavailable, and psycopg.Error.
    """
    compared = await asyncio.to_thread(lambda: list(_compared(keys, dsn)))
    lacking = [entry for entry, begun, _ in compared if begun is None]
    for entry in lacking:
        who = Principal(f"policy:{NAME}", entry.tenant, NAME, frozenset({Role.POLICY}))
        body = {"subject": entry.subject, "ground": entry.ground}
        order = Order("repeat-erasure", body, f"again/{entry.request}")
        await dispatch(order, who, Cause(entry.request, entry.request))
    if lacking:
        _log.warning("the log was restored: %d erasures are done again", len(lacking))
    return len(lacking)


async def until_erased(keys: KeyStore, dsn: str) -> None:
    """Return once all that was begun again because the log was restored is done.

    Whoever serves waits for it: what an old backup brought back is not shown. Raises psycopg.Error,
    and KeysUnavailable.
    """
    waiting = await asyncio.to_thread(_again, keys, dsn)
    if waiting:
        _log.warning("nobody is served before %d erasures are done again", waiting)
    while waiting:
        await asyncio.sleep(LOOK_SECONDS)
        waiting = await asyncio.to_thread(_again, keys, dsn)


def _again(keys: KeyStore, dsn: str) -> int:
    """Count those who are erased by the ledger, and whose erasure in the log began later than that
    and is not done."""
    return sum(
        begun is None or begun > entry.at
        for entry, begun, erased in _compared(keys, dsn)
        if not erased
    )


def _compared(keys: KeyStore, dsn: str) -> Iterator[tuple[Erased, datetime | None, bool]]:
    """Yield the ledger's entries, when the log says that each began, and whether it is done."""
    with psycopg.connect(dsn, connect_timeout=int(CONNECT_SECONDS_MAX)) as connection:
        for page in _pages(keys):
            names = [ERASURE.of(one.tenant, one.subject).name for one in page]
            types = [ErasureBegun.__name__, SubjectErased.__name__]
            rows = connection.execute(
                "select stream, type, recorded_at from log.facts"
                " where stream = any(%s) and type = any(%s)",
                (names, types),
            )
            known = {(stream, type_): at for stream, type_, at in rows}
            for entry, name in zip(page, names, strict=True):
                begun, erased = (known.get((name, type_)) for type_ in types)
                yield entry, begun, erased is not None


def _pages(keys: KeyStore) -> Iterator[Sequence[Erased]]:
    after = ("", "")
    while page := keys.erased(after, PAGE):
        yield page
        after = (page[-1].tenant, page[-1].subject)
