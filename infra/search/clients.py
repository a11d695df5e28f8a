"""How is Elasticsearch reached, and for how long does somebody wait for it?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from elasticsearch import ApiError, AsyncElasticsearch, Elasticsearch, TransportError

from projections.ports import StoreUnavailable

QUERY_SECONDS_MAX = 5.0
QUERY_CONNECTIONS_MAX = 16
WRITE_SECONDS_MAX = 60.0
"""A bulk may take long where the disk is busy; whoever waits for it does nothing else."""
WRITE_RETRIES_MAX = 1
"""Each write may be done twice; who gave up tries again later, from its position."""
BUSY = frozenset({408, 429, 502, 503, 504})
"""The engine says: not now."""


def query_client(url: str) -> AsyncElasticsearch:
    """Return a client for queries; nothing is connected yet."""
    return AsyncElasticsearch(
        url,
        request_timeout=QUERY_SECONDS_MAX,
        retry_on_timeout=False,
        max_retries=1,
        connections_per_node=QUERY_CONNECTIONS_MAX,
    )


def store_client(url: str) -> Elasticsearch:
    """Return a client for what keeps documents; nothing is connected yet."""
    return Elasticsearch(
        url,
        request_timeout=WRITE_SECONDS_MAX,
        retry_on_timeout=False,
        max_retries=WRITE_RETRIES_MAX,
    )


@contextmanager
def unavailable() -> Iterator[None]:
    """Tell an engine that is away or busy from one that refuses what it was asked."""
    try:
        yield
    except TransportError as error:
        raise StoreUnavailable(f"Elasticsearch cannot be reached: {error.message}") from error
    except ApiError as error:
        if error.status_code not in BUSY:
            raise
        raise StoreUnavailable(f"Elasticsearch is busy: {error.message}") from error
