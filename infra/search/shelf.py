"""How are the documents of a reading kept in Elasticsearch, without losing or doubling one?

A generation is an index, which nobody but ``make`` can create: a document that finds none is
refused, never put into one made up. Every document is written under its key with its position as
version, so that writing it again does nothing and an older one never wins. So documents may be
ahead of the position that PostgreSQL notes in the transaction around (a fold must do nothing with
a fact that it had taken in), and never behind it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

import msgspec
import psycopg
from elasticsearch import Elasticsearch
from psycopg.sql import SQL, Identifier

from infra.search import mapping
from infra.search.clients import unavailable
from infra.stores.tables import Tables
from projections.ports import Changes, Generation, StalePosition, StoreUnavailable
from projections.reading import TENANT, Key

BULK_DOCUMENTS_MAX = 2_000
BULK_BYTES_MAX = 4 * 1024 * 1024
BULKS_AT_ONCE_MAX = 2
"""The next documents are encoded and taken in while the engine is still busy with some. No two of
a batch are the same document, so their order means nothing."""
SHARD_SECONDS_MAX = 30
"""How long a write waits for an index that the engine is still opening."""
LOADED_DOCUMENTS_MAX = 2_000
GONE = "index_not_found_exception"
"""A later generation has taken over, and this one was dropped."""
CONFLICT = 409
"""There is a later version already."""
PASSING = frozenset(
    {
        "es_rejected_execution_exception",
        "circuit_breaking_exception",
        "unavailable_shards_exception",
        "no_shard_available_action_exception",
        "cluster_block_exception",
        "process_cluster_event_timeout_exception",
    }
)
"""Errors that go by: the engine is busy, or has only just begun."""

T = TypeVar("T")
_encode = msgspec.json.Encoder(decimal_format="string").encode


class Refused(Exception):
    """Elasticsearch will never take, give or find what it was asked to; what was to be written is
    not acknowledged."""


def index_name(cluster: str, reading: str, version: int, number: int) -> str:
    """Return the name of a generation's index."""
    return f"{alias_name(cluster, reading)}-v{version}-g{number}"


def alias_name(cluster: str, reading: str) -> str:
    """Return the name that always means the live generation's index."""
    return f"{cluster}-{reading}"


class ElasticsearchShelf:
    """Implements ``infra.stores.shelves.Shelf`` for readings of one kind of documents, each with a
    ``position``, and no sums."""

    def __init__(self, client: Elasticsearch, cluster: str) -> None:
        self._client = client
        self._cluster = cluster
        self._tables = Tables()

    def make(self, connection: psycopg.Connection, of: Generation, live: bool) -> None:
        """Create the index, in place of one that an interrupted attempt left."""
        (documents,) = of.reading.documents
        name, meta = self._index(of), {"reading": of.reading.name, "generation": of.number}
        with unavailable():
            self._client.indices.put_index_template(
                name=alias_name(self._cluster, of.reading.name),
                index_patterns=[f"{alias_name(self._cluster, of.reading.name)}-v*"],
                allow_auto_create=False,
            )
            self._client.indices.delete(index=name, ignore_unavailable=True)
            self._client.indices.create(
                index=name,
                settings=mapping.settings(),
                mappings=mapping.mappings(documents, meta),
            )
        if live:
            self.show(connection, of)

    def load(
        self, _connection: psycopg.Connection, of: Generation, documents: str, keys: Iterable[Key]
    ) -> dict[Key, Any]:
        """Return the documents under these keys."""
        row = next(one.row for one in of.reading.documents if one.name == documents)
        found: dict[Key, Any] = {}
        for part in _parts(keys, LOADED_DOCUMENTS_MAX):
            with unavailable():
                answer = self._client.mget(index=self._index(of), ids=[_id(key) for key in part])
            for key, one in zip(part, answer["docs"], strict=True):
                if "error" in one and one["error"]["type"] == GONE:
                    raise StalePosition(f"{of.reading.name} has no generation {of.number}")
                if "error" in one:
                    raise _fault(one["error"], "a document cannot be read")
                if one["found"]:
                    found[key] = msgspec.convert(one["_source"], row)  # without the tenant
        return found

    def write(
        self, _connection: psycopg.Connection, of: Generation, changes: Changes, live: bool
    ) -> None:
        """Write documents; those of a live generation can be found when this returns."""
        (documents,) = of.reading.documents
        changed = changes.documents.get(documents.name)
        if not changed:
            return
        under_way: deque[Future[None]] = deque()
        with ThreadPoolExecutor(BULKS_AT_ONCE_MAX, "bulk") as threads:
            for lines in _bulks(changed.items()):
                if len(under_way) == BULKS_AT_ONCE_MAX:
                    under_way.popleft().result()
                under_way.append(threads.submit(self._bulk, self._index(of), lines))
            for bulk in under_way:
                bulk.result()
        if live:
            self._refresh(of)

    def _bulk(self, index: str, lines: list[bytes]) -> None:
        with unavailable():
            answer = self._client.bulk(
                index=index,
                operations=lines,  # type: ignore[arg-type]  # encoded already
                timeout=f"{SHARD_SECONDS_MAX}s",
                filter_path=["errors", "items.*.error", "items.*.status"],
            )
        if answer["errors"]:
            _refuse([item["index"] for item in answer["items"]])

    def prepare(self, _connection: psycopg.Connection, of: Generation) -> None:
        """Have everything that was written be found."""
        self._refresh(of)

    def show(self, connection: psycopg.Connection, of: Generation) -> None:
        """Move the alias, once all can be found. What the views showed of tables is not kept up
        any more: they go."""
        self._refresh(of)
        alias = alias_name(self._cluster, of.reading.name)
        actions: list[dict[str, Any]] = [
            {"remove": {"index": f"{alias}-v*", "alias": alias, "must_exist": False}},
            {"add": {"index": self._index(of), "alias": alias}},
        ]
        with unavailable():
            self._client.indices.update_aliases(actions=actions)
        for view in of.reading.views:
            connection.execute(SQL("drop view if exists {}").format(Identifier("views", view.name)))

    def remove(self, connection: psycopg.Connection, name: str, version: int, number: int) -> None:
        """Delete the index, or the tables of a generation that was kept in such."""
        with unavailable():
            index = index_name(self._cluster, name, version, number)
            self._client.indices.delete(index=index, ignore_unavailable=True)
        self._tables.remove(connection, name, version, number)

    def expunge(self, reading: str) -> None:
        """Drop the bytes of documents that were replaced or deleted, in all generations of a
        reading. Raises StoreUnavailable."""
        with unavailable():
            self._client.indices.forcemerge(
                index=f"{alias_name(self._cluster, reading)}-v*",
                only_expunge_deletes=True,
                ignore_unavailable=True,
            )
            self._client.indices.flush(
                index=f"{alias_name(self._cluster, reading)}-v*", ignore_unavailable=True
            )

    def _index(self, of: Generation) -> str:
        return index_name(self._cluster, of.reading.name, of.reading.version, of.number)

    def _refresh(self, of: Generation) -> None:
        with unavailable():
            self._client.indices.refresh(index=self._index(of))


def _bulks(documents: Iterable[tuple[Key, Any]]) -> Iterator[list[bytes]]:
    """Yield the lines of each bulk request."""
    lines: list[bytes] = []
    size = 0
    for key, document in documents:
        action = {"_id": _id(key), "version": document.position, "version_type": "external_gte"}
        pair = (_encode({"index": action}), _filed(key, document))
        lines += pair
        size += len(pair[0]) + len(pair[1])
        if len(lines) >= 2 * BULK_DOCUMENTS_MAX or size >= BULK_BYTES_MAX:
            yield lines
            lines, size = [], 0
    if lines:
        yield lines


def _refuse(items: Sequence[dict[str, Any]]) -> None:
    """Raise where a document was refused for anything but being there already."""
    refused = [item for item in items if "error" in item and item["status"] != CONFLICT]
    if refused:
        raise _fault(refused[0]["error"], f"{len(refused)} documents were refused")


def _fault(error: dict[str, Any], what: str) -> Exception:
    """Tell a shard that is not there for the moment from what waiting does not mend."""
    said = f"{what}: {error['type']}: {error.get('reason')}"
    return StoreUnavailable(said) if error["type"] in PASSING else Refused(said)


def _id(key: Key) -> str:
    return _encode(key).decode()


def _filed(key: Key, document: Any) -> bytes:
    """Return a document with the tenant that it is filed under before its own fields."""
    return b'{"%b":%b,%b' % (TENANT.encode(), _encode(key[0]), _encode(document)[1:])


def _parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
