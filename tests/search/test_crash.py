"""Can the documents in Elasticsearch and their position in PostgreSQL disagree after kill -9?"""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from elasticsearch import Elasticsearch as Client

from infra.engines.elasticsearch import Elasticsearch
from infra.search.shelf import alias_name
from infra.stores.memory import MemoryStore
from projections.ports import Generation
from projections.search import SEARCH
from tests.readings.recorded import filled, kept_up
from tests.search.conftest import FURNISHED, LATER, Shelved
from tests.shelves import checksum

CRASH_SECONDS_MAX = 60
OF = Generation(SEARCH, 1)


TENANT = "main"


def crash(dsn: str, url: str, one: Shelved, kind: str, writes: int) -> int:
    """Have another process take facts in until it dies; return the position it leaves."""
    words = [sys.executable, "-m", "tests.search.dying", dsn, url, one.cluster, kind, str(writes)]
    ended = subprocess.run(words, timeout=CRASH_SECONDS_MAX, check=False)
    assert ended.returncode == -signal.SIGKILL
    (state,) = one.store.states()
    return state.position


def missing(one: Shelved, position: int) -> list[str]:
    """Return what was recorded up to a position and is not in the index, or older there."""
    memory = MemoryStore()
    kept_up(filled((*FURNISHED, *LATER)[:position]), memory, SEARCH)
    entries = {row.entry: row for row in memory.rows(OF, "entry")}
    found = one.store.load(OF, "entry", [(TENANT, entry) for entry in entries])
    return [
        entry
        for entry, row in entries.items()
        if (TENANT, entry) not in found or found[TENANT, entry].position < row.position
    ]


def gone_on(one: Shelved, client: Client) -> tuple[str, str]:
    """Go on from the position; return the index's checksum, and that of a rebuild from nothing."""
    alias = alias_name(one.cluster, SEARCH.name)
    one.add(*LATER)
    after = checksum(client, alias)
    one.rebuild()
    return after, checksum(client, alias)


@pytest.mark.parametrize("writes", range(1, len(LATER) + 1))
@pytest.mark.parametrize("kind", ["before", "after"])
def test_documents_are_never_behind_their_position(
    dsn: str, elasticsearch: Elasticsearch, client: Client, one: Shelved, kind: str, writes: int
) -> None:
    """Wherever it dies: all that the position speaks of is there, and going on gives what a
    rebuild gives."""
    position = crash(dsn, elasticsearch.url, one, kind, writes)
    assert position == len(FURNISHED) + writes - 1
    assert missing(one, position) == []
    after, rebuilt = gone_on(one, client)
    assert after == rebuilt


def test_a_position_before_its_documents_loses_them(
    dsn: str, elasticsearch: Elasticsearch, client: Client, one: Shelved
) -> None:
    """The control, in the other order: a fact is missing, and stays so until a rebuild."""
    position = crash(dsn, elasticsearch.url, one, "late", 3)
    assert position == len(FURNISHED) + 2
    assert missing(one, position) == ["course/X"]
    after, rebuilt = gone_on(one, client)
    assert after != rebuilt
