"""How does Elasticsearch find what is searched for?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from zlib import crc32

from elasticsearch import AsyncElasticsearch
from psycopg.sql import SQL

from infra.search.clients import BUSY, unavailable
from infra.search.mapping import ALL
from infra.search.marks import match, sought
from infra.search.shelf import Refused, index_name
from infra.search.words import Asked, asked
from infra.stores.reading import Pool, reading_first
from infra.stores.views import parked_keys, put_aside
from projections.ports import StoreUnavailable
from projections.reading import TENANT
from projections.search import SEARCH
from read_api.ports.search import Matches
from read_api.ports.views import ParkedKey

EXACT_SCORE = 10_000.0
"""No words score as much."""
TITLE_BOOST = 2.0
KINDS_MAX = 20
NOT_FOUND = 404
TRIES_MAX = 2
"""A rebuild may take over, and its predecessor go, between asking where to search and searching."""


_LIVE = SQL(
    "select generation, version, min(position) as position from readings.state"
    " where name = {} and live group by generation, version"
)


class _Live(NamedTuple):
    name: str
    position: int
    parked: Sequence[ParkedKey]


class ElasticsearchSearch:
    """Implements ``read_api.ports.search.SearchIndex``.

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
        """Return what the words are found in, best first.

        What is counted by kind may be newer by a moment than what is listed; neither is older than
        the position.
        """
        what = asked(words)
        best = {**_best(tenant, words, what, kind), "from": offset, "size": limit}
        counted = _counted(tenant, words, what)
        head = {
            "preference": f"words-{crc32(words.encode())}",
            "allow_partial_search_results": False,
        }
        for _ in range(TRIES_MAX):
            live = await self._live(tenant)
            with unavailable():
                answer = await self._client.msearch(
                    index=live.name, searches=[head, best, head, counted]
                )
            parts = answer["responses"]
            if all(_answered(part) for part in parts):
                return _matches(live, what, *parts)
        raise StoreUnavailable("the search index is not there; it has to be rebuilt")

    async def _live(self, tenant: str) -> _Live:
        first = SQL("; ").join([_LIVE.format(SEARCH.name), put_aside([SEARCH.name])])
        async with reading_first(self._pool, tenant, first) as (_, (live, parked)):
            if not live:
                raise StoreUnavailable("the search reading is not made yet")
            (row,) = live
        name = index_name(self._cluster, SEARCH.name, row["version"], row["generation"])
        return _Live(name, row["position"], parked_keys(parked))


def _best(tenant: str, words: str, what: Asked, kind: str | None) -> dict[str, Any]:
    """Return how the best matches are asked for; equals come in the order of their keys, so that
    pages fit together.

    The ways to match stand side by side, and nothing is counted here: so the engine leaves out
    whatever cannot be among the best. Asked in one with the count, or with the title apart from the
    others, it scores every match, which takes five times as long (``bench search``).
    """
    title = _all("title.english", what.words, boost=TITLE_BOOST)
    kinds = [] if kind is None else [{"term": {"kind": kind}}]
    found = {"must": {"bool": {"should": [*_found(words, what), title]}}}
    return {
        "query": {"bool": {**_of(tenant, *kinds), **found}},
        "sort": ["_score", {"entry": "asc"}],
        "_source": ["kind", "id", "run", "course", "title", "body"],
        "track_total_hits": False,
    }


def _counted(tenant: str, words: str, what: Asked) -> dict[str, Any]:
    """Return how all matches are counted, of every kind, whichever was asked for."""
    found = {"bool": {"should": _found(words, what)}}
    return {
        "query": {"bool": _of(tenant, found)},
        "aggs": {"kinds": {"terms": {"field": "kind", "size": KINDS_MAX}}},
        "size": 0,
        "track_total_hits": False,
    }


def _of(tenant: str, *filters: dict[str, Any]) -> dict[str, Any]:
    return {
        "filter": [{"term": {TENANT: tenant}}, *filters],
        "must_not": {"term": {"retired": True}},
    }


def _found(words: str, what: Asked) -> list[dict[str, Any]]:
    """Return the ways to match: an id as it is, all words by their stems, or with the last begun.

    A word as it is has its own stem and begins itself, so it needs no way of its own.
    """
    exact = {"constant_score": {"filter": {"term": {"id.exact": words}}, "boost": EXACT_SCORE}}
    begun = _all(f"{ALL}.prefix", what.last)
    if what.finished:
        finished = _all(f"{ALL}.english", what.finished, zero_terms_query="all")
        begun = {"bool": {"must": [begun, finished]}}
    return [exact, _all(f"{ALL}.english", what.words), begun]


def _all(field: str, words: str, **more: str | float) -> dict[str, Any]:
    return {"match": {field: {"query": words, "operator": "and", **more}}}


def _answered(part: Mapping[str, Any]) -> bool:
    """Whether there was such an index. Raises StoreUnavailable or Refused."""
    if "error" not in part:
        return True
    if part["status"] == NOT_FOUND:
        return False
    why = (part["error"].get("root_cause") or [part["error"]])[0]["reason"]
    if part["status"] in BUSY:
        raise StoreUnavailable(f"Elasticsearch is busy: {why}")
    raise Refused(f"the search is not understood: {why}")


def _matches(
    live: _Live, what: Asked, best: Mapping[str, Any], counted: Mapping[str, Any]
) -> Matches:
    wanted = sought(what)
    return Matches(
        live.position,
        live.parked,
        {
            bucket["key"]: bucket["doc_count"]
            for bucket in counted["aggregations"]["kinds"]["buckets"]
        },
        [match(hit["_source"], wanted) for hit in best["hits"]["hits"]],
    )
