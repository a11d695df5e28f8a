"""In what does a process of a cluster keep readings?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from infra.settings.fields import Settings
from infra.stores.postgres import PostgresStore


def address(settings: Settings) -> str:
    """Return the database's address, which settings of a cluster always have."""
    if settings.database_url is None:
        raise AssertionError("settings refuse a cluster without a database")
    return settings.database_url


@contextmanager
def all_readings(settings: Settings) -> Iterator[PostgresStore]:
    """Have what keeps any reading for a while: PostgreSQL, and Elasticsearch for the search."""
    # Its client takes as long to import as all the rest, and most workers need none.
    from infra.search.clients import store_client
    from infra.search.shelf import ElasticsearchShelf

    with closing(store_client(settings.elasticsearch_url or "")) as client:
        shelf = ElasticsearchShelf(client, settings.cluster)
        with closing(PostgresStore(address(settings), {"search": shelf})) as store:
            yield store


@contextmanager
def one_reading(settings: Settings, name: str) -> Iterator[PostgresStore]:
    """Have what keeps this reading for a while, and no other."""
    if name == "search":
        with all_readings(settings) as store:
            yield store
    else:
        with closing(PostgresStore(address(settings))) as store:
            yield store
