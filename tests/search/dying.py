"""Who takes facts in until it dies: by kill -9, between the documents and their position?"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import closing
from functools import partial

import psycopg
from elasticsearch import Elasticsearch

from infra.search.clients import store_client
from infra.search.shelf import ElasticsearchShelf
from infra.stores.postgres import PostgresStore
from projections.batch import Folding
from projections.ports import Changes, Generation
from projections.search import SEARCH
from tests.readings.recorded import filled
from tests.search.conftest import FURNISHED, LATER

OF = Generation(SEARCH, 1)


class Dying(ElasticsearchShelf):
    """Dies in its last write."""

    def __init__(self, client: Elasticsearch, cluster: str, writes: int) -> None:
        super().__init__(client, cluster)
        self._left = writes

    def died(self) -> None:
        """Count a write, and die if it was the last."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Before(Dying):
    """Dies when the position is noted, and neither committed nor any document written."""

    def write(self, at: psycopg.Connection, of: Generation, changes: Changes, live: bool) -> None:
        """Die, or write."""
        self.died()
        super().write(at, of, changes, live)


class After(Dying):
    """Dies when all documents can be found, and their position is not committed."""

    def write(self, at: psycopg.Connection, of: Generation, changes: Changes, live: bool) -> None:
        """Write, and perhaps die."""
        super().write(at, of, changes, live)
        self.died()


class Late(Dying):
    """The control: writes the documents of a batch once its position is committed."""

    _held: Changes | None = None

    def write(self, at: psycopg.Connection, of: Generation, changes: Changes, live: bool) -> None:
        """Die, or write what was to be written the time before."""
        self.died()
        if self._held is not None:
            super().write(at, of, self._held, live)
        self._held = changes


KINDS: dict[str, type[Dying]] = {"before": Before, "after": After, "late": Late}


def main(dsn: str, url: str, cluster: str, kind: str, writes: str) -> None:
    """Take in what came later, a fact a batch."""
    log = filled((*FURNISHED, *LATER))
    with closing(store_client(url)) as client:
        shelf = KINDS[kind](client, cluster, int(writes))
        with closing(PostgresStore(dsn, {SEARCH.name: shelf})) as store:
            for envelope in log.envelopes[len(FURNISHED) :]:
                folding = Folding(SEARCH, partial(store.load, OF), [])
                folding.take([envelope])
                store.apply(OF, envelope.position - 1, folding.changes(envelope.position))


if __name__ == "__main__":
    main(*sys.argv[1:])
