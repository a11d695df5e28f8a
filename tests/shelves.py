"""Where do tests keep documents in Elasticsearch, and are they what they should be?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import msgspec
from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan

from infra.search.clients import store_client
from infra.search.shelf import ElasticsearchShelf


@contextmanager
def shelf(url: str, cluster: str) -> Iterator[ElasticsearchShelf]:
    """Keep documents in Elasticsearch, whose indexes go afterwards."""
    with closing(store_client(url)) as client:
        yield ElasticsearchShelf(client, cluster)
        for name in client.indices.get(index=f"{cluster}-*"):
            client.indices.delete(index=name)
        client.options(ignore_status=404).indices.delete_index_template(name=f"{cluster}-*")


def checksum(client: Elasticsearch, index: str) -> str:
    """Return a checksum of all documents of an index, in the order of their ids, and their number.

    ``index`` may be an alias. What was written and cannot be found yet counts too.
    """
    client.indices.refresh(index=index)
    return digest({hit["_id"]: hit["_source"] for hit in scan(client, index=index)})


def digest(found: Mapping[str, Any]) -> str:
    """Return a checksum of documents by id, whoever kept them, and their number."""
    lines = (msgspec.json.encode([id_, found[id_]], order="deterministic") for id_ in sorted(found))
    return hashlib.sha256(b"".join(lines)).hexdigest() + f" {len(found)}"
