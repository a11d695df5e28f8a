"""How does a test get a log that is sealed, and change what nobody may?"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg

from domain.evidence.tree import leaf_hash, microseconds
from infra.evidence.anchors import DirectoryAnchors
from infra.evidence.keys import Keys, PrivateKey, check, new_key
from infra.evidence.leaves import PostgresLeaves
from infra.evidence.seals import PostgresSeals
from streams.sealer import Sealer
from streams.seals import Signing
from tests.evidence.test_tree import naive_root
from tests.log.facts import fact

ORIGIN = "log.example"
KEY = new_key(ORIGIN)
LEARNERS = 7


def signing(*keys: PrivateKey) -> Signing:
    """What signs, with these keys or the tests' own."""
    signs = keys or (KEY,)
    public = [key.public for key in signs]
    return Signing(ORIGIN, Keys(signs, public).signed, public, check)


def add_facts(dsn: str, count: int, text: str = "x") -> None:
    """Record so many facts on a few streams, as the appender would."""
    (first,) = execute(dsn, "select coalesce(max(position), 0) + 1 from log.facts")[0]
    rows = []
    for position in range(first, first + count):
        learner, version = f"s{position % LEARNERS}", (position - 1) // LEARNERS + 1
        one = fact(learner, version, f"{text} {position}")
        rows.append((position, version, one.stream, one.type, one.tenant, one.subject, one.body))
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into log.facts"
            " (position, recorded_at, version, stream, type, tenant, subject, body)"
            " values (%s, clock_timestamp(), %s, %s, %s, %s, %s, %s)",
            rows,
        )


def execute(dsn: str, *statements: str) -> list[Any]:
    """Run statements as the tables' owner, in one transaction; return the last one's rows."""
    rows: list[Any] = []
    with psycopg.connect(dsn) as connection:
        for statement in statements:
            cursor = connection.execute(cast("LiteralString", statement))
            rows = cursor.fetchall() if cursor.description else []
    return rows


def leaves_of(dsn: str) -> list[bytes]:
    """The leaves of the whole log, from its rows."""
    rows = execute(
        dsn, "select position, recorded_at, version, body from log.facts order by position"
    )
    return [leaf_hash(at, microseconds(when), version, body) for at, when, version, body in rows]


def naive_root_of(dsn: str, size: int) -> bytes:
    """The root of the log's first facts, by the definition."""
    return naive_root(leaves_of(dsn)[:size])


def seal(dsn: str, anchors: Path | None = None, *keys: PrivateKey) -> None:
    """Seal all there is, and anchor it."""
    reader, seals = PostgresLeaves(dsn), PostgresSeals(dsn)
    kept = None if anchors is None else DirectoryAnchors(anchors)
    with closing(reader), closing(seals):
        sealer = Sealer(reader, seals, signing(*keys), kept)
        while sealer.step():
            pass
        sealer.anchor()


def tamper(dsn: str, *statements: str) -> None:
    """Do what only the owner of the tables can."""
    execute(
        dsn,
        "alter table log.facts disable trigger facts_append_only",
        *statements,
        "alter table log.facts enable trigger facts_append_only",
    )
