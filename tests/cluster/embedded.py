"""What does one process make of the log of a cluster?"""

from __future__ import annotations

from contextlib import closing

import msgspec
import psycopg

from domain.streams import REGISTRY
from infra.log.reader import PostgresLogReader
from infra.stores.postgres import PostgresStore
from infra.stores.statements import table
from projections.ports import Generation
from projections.register import READINGS
from projections.search import SEARCH
from streams.runner.runner import Runner
from tests.cluster.processes import table_checksums
from tests.shelves import digest


def embedded_checksums(log: str, readings: str) -> dict[str, str]:
    """Have one process read the log of one database into another. Returns the checksums of what
    came of it, as those of a cluster."""
    with closing(PostgresLogReader(log)) as reader, closing(PostgresStore(readings)) as store:
        runner = Runner(reader, store, store, READINGS, REGISTRY)
        runner.run_until_idle()
        runner.stop()
        sums = table_checksums(readings)
        del sums["search/entry"]
        return sums | {"search/index": digest(search_documents(readings, store))}


def search_documents(readings: str, store: PostgresStore) -> dict[str, object]:
    """Return what is kept for searches in one process, as Elasticsearch would be given it: what is
    retired is kept, too, and never shown."""
    generation = Generation(SEARCH, 1)
    with psycopg.connect(readings) as connection:
        statement = f"select tenant, entry from {table(generation, 'entry')}"  # noqa: S608
        keys = connection.execute(statement.encode()).fetchall()
    found = store.load(generation, "entry", keys)
    return {
        msgspec.json.encode(key).decode(): {"tenant": key[0], **msgspec.to_builtins(document)}
        for key, document in found.items()
    }
