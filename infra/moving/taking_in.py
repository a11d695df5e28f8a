"""How do the facts of a tenant get into the log of another installation? All at once, or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

import msgspec
import psycopg

from domain.evidence.exports import Entry
from domain.registry import Registry
from domain.tenants.state import TENANT, of_tenant
from infra.pools import CONNECT_SECONDS_MAX

LOCK = 7_236_001
"""The advisory lock of appends: nobody records anything while a tenant is taken in."""
BATCH_FACTS = 2_000
Told = Callable[[int], None]

_APPEND = """
  select outcome from log.append('{}', '{}', '{}', array[%(count)s]::int[],
    array_fill(1, array[cardinality(%(written)s::text[])]), %(written)s::text[], %(before)s::int[],
    '{}', '{}', '{}', '{}', '{}', '{}', '{}',
    array_fill(1, array[%(count)s]), %(streams)s::text[], %(versions)s::int[], %(types)s::text[],
    array_fill(%(tenant)s::text, array[%(count)s]), %(subjects)s::text[], %(bodies)s::bytea[])
"""
_THERE = """
  select count(*) from unnest(%s::text[], %s::int[], %s::bytea[]) t(stream, version, body)
  join log.facts f on f.stream = t.stream and f.version = t.version and f.body = t.body
"""
_ANY = """
  select exists (select from log.facts
    where stream >= %(of)s::text || '/' and stream < %(of)s::text || '0')
"""
_OF_TENANT = """
  select position, recorded_at, version, body from log.facts where stream = %s order by version
"""


class NotTaken(Exception):
    """The tenant cannot be taken in. One sentence."""


class Taken(NamedTuple):
    """So many facts were in the file, and were ``added`` to the log; their ``digest`` is the
    SHA-256 over the bodies, in order."""

    facts: int
    added: int
    digest: str


class _Body(msgspec.Struct, frozen=True):
    stream: str
    type: str
    subject: str | None


class _Fact(NamedTuple):
    stream: str
    version: int
    type: str
    subject: str | None
    body: bytes


_body = msgspec.json.Decoder(_Body)


def take_in(
    dsn: str,
    tenant: str,
    entries: Iterable[Entry],
    registry: Registry,
    adopt_keys: Callable[[], None],
    told: Told,
) -> Taken:
    """Record facts under their tenant, ids and times, at new positions, in one transaction.

    A file that is in the log already adds nothing. The keys are adopted before the facts are
    there, so that no fact is without. Raises NotTaken where the log has other facts of
    the tenant, or the file lacks some; and psycopg.Error.
    """
    digest, facts, added = sha256(), 0, 0
    with psycopg.connect(dsn, connect_timeout=int(CONNECT_SECONDS_MAX)) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
        state = TENANT.initial
        for row in connection.execute(_OF_TENANT, (of_tenant(tenant).name,)).fetchall():
            told_of = registry.decode(*row)
            state = TENANT.evolve(state, told_of.fact, told_of.occurred_at)
        if state.ground is not None:
            raise NotTaken(f"tenant {tenant} was erased here; its name is not used again")
        (there,) = connection.execute(_ANY, {"of": tenant}).fetchone() or (False,)
        rest = _facts(tenant, entries, registry)
        while some := list(islice(rest, BATCH_FACTS)):
            for fact in some:
                digest.update(fact.body)
            if there:
                _require_there(connection, tenant, some)
            else:
                _append(connection, tenant, some)
                added += len(some)
            facts += len(some)
            told(facts)
        adopt_keys()
    return Taken(facts, added, digest.hexdigest())


def _facts(tenant: str, entries: Iterable[Entry], registry: Registry) -> Iterator[_Fact]:
    last: dict[str, int] = {}
    for entry in entries:
        body = _body.decode(entry.stored)
        if not body.stream.startswith(f"{tenant}/"):
            raise NotTaken(f"a fact of {body.stream} is none of {tenant}")
        if entry.version != last.get(body.stream, 0) + 1:
            raise NotTaken(f"the file lacks facts of {body.stream}")
        if body.type not in registry.types:
            raise NotTaken(f"this version does not know {body.type}: upgrade it first")
        last[body.stream] = entry.version
        yield _Fact(body.stream, entry.version, body.type, body.subject, entry.stored)


def _append(connection: psycopg.Connection, tenant: str, some: Sequence[_Fact]) -> None:
    before: dict[str, int] = {}
    for fact in some:
        before.setdefault(fact.stream, fact.version - 1)
    row = connection.execute(
        _APPEND,
        {
            "tenant": tenant,
            "count": len(some),
            "written": list(before),
            "before": list(before.values()),
            "streams": [fact.stream for fact in some],
            "versions": [fact.version for fact in some],
            "types": [fact.type for fact in some],
            "subjects": [fact.subject for fact in some],
            "bodies": [fact.body for fact in some],
        },
    ).fetchone()
    if row != (None,):
        raise NotTaken(f"somebody else recorded facts of {tenant} meanwhile")


def _require_there(connection: psycopg.Connection, tenant: str, some: Sequence[_Fact]) -> None:
    (count,) = connection.execute(
        _THERE,
        (
            [fact.stream for fact in some],
            [fact.version for fact in some],
            [fact.body for fact in some],
        ),
    ).fetchone() or (0,)
    if count != len(some):
        raise NotTaken(f"there are other facts of {tenant} here")
