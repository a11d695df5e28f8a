"""How does Elasticsearch find what is searched for?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from zlib import crc32

from elasticsearch import AsyncElasticsearch, NotFoundError

from infra.search.clients import unavailable
from infra.search.mapping import ALL
from infra.search.marks import match, sought
from infra.search.shelf import index_name
from infra.search.words import Asked, asked
from infra.stores.reading import Pool, reading
from infra.stores.views import parked_keys
from projections.ports import StoreUnavailable
from projections.reading import TENANT
from projections.search import SEARCH
from read_api.ports import Matches, ParkedKey

EXACT_SCORE = 10_000.0
"""No words score as much."""
TITLE_BOOST = 2.0
KINDS_MAX = 20
TRIES_MAX = 2
"""A rebuild may take over, and its predecessor go, between asking where to search and searching."""


class _Live(NamedTuple):
    name: str
    position: int
    parked: Sequence[ParkedKey]


class ElasticsearchSearch:
    """Implements ``read_api.ports.SearchIndex``.

    The index is that of the generation that PostgreSQL says is live, so that it and the position
    belong together; the alias is for people.
    """

    def __init__(self, client: AsyncElasticsearch, pool: Pool, cluster: str) -> None:
        self._client = client
        self._pool = pool
        self._cluster = cluster

    async def search(
        self, tenant: str, words: str, kind: str | None, limit: int, offset: int
    ) -> Matches:
        """Return what the words are found in, best first."""
        what = asked(words)
        wanted = _request(tenant, words, what, kind)
        for _ in range(TRIES_MAX):
            live = await self._live(tenant)
            try:
                with unavailable():
                    answer = await self._client.search(
                        index=live.name,
                        from_=offset,
                        size=limit,
                        preference=f"words-{crc32(words.encode())}",
                        **wanted,
                    )
            except NotFoundError:
                continue
            return _matches(live, what, answer.body)
        raise StoreUnavailable("the search index is not there; it has to be rebuilt")

    async def _live(self, tenant: str) -> _Live:
        async with reading(self._pool, tenant) as connection:
            cursor = await connection.execute(
                """select generation, version, min(position) as position from readings.state
                   where name = %(name)s and live group by generation, version""",
                {"name": SEARCH.name},
            )
            row = await cursor.fetchone()
            if row is None:
                raise StoreUnavailable("the search reading is not made yet")
            parked = await parked_keys(connection, [SEARCH.name])
        name = index_name(self._cluster, SEARCH.name, row["version"], row["generation"])
        return _Live(name, row["position"], parked)


def _request(tenant: str, words: str, what: Asked, kind: str | None) -> dict[str, Any]:
    """Return what is asked of the engine. The kind is chosen after counting, so that all kinds are
    counted; equals come in the order of their keys, so that pages fit together."""
    exact = {"constant_score": {"filter": {"term": {"id.exact": words}}, "boost": EXACT_SCORE}}
    title = {"match": {"title.english": {"query": what.words, "boost": TITLE_BOOST}}}
    wanted: dict[str, Any] = {
        "query": {
            "bool": {
                "filter": {"term": {TENANT: tenant}},
                "must_not": {"term": {"retired": True}},
                "must": {"bool": {"should": [exact, *_found(ALL, what)]}},
                "should": [title],
            }
        },
        "aggs": {"kinds": {"terms": {"field": "kind", "size": KINDS_MAX}}},
        "sort": ["_score", {"entry": "asc"}],
        "source": ["kind", "id", "run", "course", "title", "body"],
        "track_total_hits": False,
        "allow_partial_search_results": False,
    }
    if kind is not None:
        wanted["post_filter"] = {"term": {"kind": kind}}
    return wanted


def _found(field: str, what: Asked) -> list[dict[str, Any]]:
    """Return the ways to have all words: as they are, by their stems, or with the last begun."""
    begun = _all(f"{field}.prefix", what.last)
    if what.finished:
        finished = [
            _all(field, what.finished),
            _all(f"{field}.english", what.finished, zero_terms_query="all"),
        ]
        begun = {"bool": {"must": [begun, {"bool": {"should": finished}}]}}
    return [_all(field, what.words), _all(f"{field}.english", what.words), begun]


def _all(field: str, words: str, **more: str) -> dict[str, Any]:
    return {"match": {field: {"query": words, "operator": "and", **more}}}


def _matches(live: _Live, what: Asked, answer: Mapping[str, Any]) -> Matches:
    counted = answer["aggregations"]["kinds"]["buckets"]
    wanted = sought(what)
    return Matches(
        live.position,
        live.parked,
        {bucket["key"]: bucket["doc_count"] for bucket in counted},
        [match(hit["_source"], wanted) for hit in answer["hits"]["hits"]],
    )
