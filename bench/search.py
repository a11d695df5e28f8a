"""How soon is something found among 100,000 courses and items, and how fast do they get in there?

Elasticsearch as the cluster has it. What is asked goes the whole way of a query of the read API but
for HTTP: where the reading stands in PostgreSQL, the search, and when that position was recorded.
Documents go in as the worker writes them, beside the client's own helpers in the same run.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import msgspec
import psycopg
from elasticsearch import AsyncElasticsearch, Elasticsearch
from elasticsearch.helpers import async_bulk, parallel_bulk

from bench.report import Report, median_ratio
from bench.rig import run, server
from domain.access import DEVELOPMENT
from domain.catalogue.facts import ContentVersionPublished, CourseCreated, Item
from infra.compose.parts import keeping_keys, querying, storing
from infra.engines import elasticsearch as engine
from infra.search import mapping
from infra.search.clients import query_client, store_client
from infra.search.elasticsearch import ElasticsearchSearch
from infra.search.shelf import ElasticsearchShelf
from infra.stores.postgres import PostgresStore
from projections.batch import Folding
from projections.ports import Changes, Generation
from projections.search import SEARCH, Entry
from read_api.dependencies import ReadDependencies
from read_api.queries import search
from tests.readings.recorded import Recorded

CLUSTER = "bench"
ENTRIES, ENTRIES_QUICK = 100_000, 20_000
ITEMS_PER_RUN = 199
ROUNDS, ROUNDS_QUICK = 3, 1
HELPER_ACTIONS = 2_000
HELPER_THREADS = 2
QUERIES_PER_SECOND = 100
SECONDS, SECONDS_QUICK = 10, 5
WARM_SECONDS = 3
P99_MS_MAX = 30.0
WORDS = (
    "basalt granite shale quartz marble slate chalk flint gneiss schist pumice obsidian "
    "history grammar algebra poetry botany optics logic ethics rhetoric geometry music drama "
    "introduction advanced essay lecture seminar workshop reading revision assignment quiz week"
)
VOCABULARY = tuple(WORDS.split())


def measure(*, quick: bool) -> Report:
    """Index everything several times, then ask at an even rate."""
    count = ENTRIES_QUICK if quick else ENTRIES
    entries = list(itertools.islice(_entries(), count))
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="registrar-bench-")))
        url = held.enter_context(engine.Elasticsearch(folder / "elasticsearch")).url
        dsn = held.enter_context(server()).dsn
        client = held.enter_context(closing(store_client(url)))
        shelf = ElasticsearchShelf(client, CLUSTER)
        store = held.enter_context(closing(PostgresStore(dsn, {SEARCH.name: shelf})))
        rates = _rates(store, client, url, entries, ROUNDS_QUICK if quick else ROUNDS)
        _record(dsn, len(entries))
        seconds = SECONDS_QUICK if quick else SECONDS
        took = run(_ask(dsn, url, seconds))
    cuts = quantiles(took, n=100)
    return Report(
        "search",
        {
            "bulk_to_async_bulk": median_ratio(rates["ours"], rates["async_bulk"]),
            "bulk_to_parallel_bulk": median_ratio(rates["ours"], rates["parallel_bulk"]),
        },
        {},
        {
            "entries": float(len(entries)),
            **{f"{name}_entries_per_s": median(values) for name, values in rates.items()},
            "queries": float(len(took)),
            "query_p50_ms": cuts[49],
            "query_p99_ms": cuts[98],
            "query_max_ms": max(took),
        },
        {"query_p99_ms": P99_MS_MAX},
    )


def _entries() -> Iterator[Entry]:
    """Yield courses, each with the items of a run, as the reading makes them of facts."""
    folding = Folding(SEARCH, lambda _kind, _keys: {}, [], complete=True)
    for number in itertools.count():
        course, said = f"C{number:04}", _say(number, 3)
        items = tuple(
            Item(f"{course}-i{n}", "assignment", _say(number * 7 + n, 4), module=f"Week {n % 12}")
            for n in range(ITEMS_PER_RUN)
        )
        run_ = f"{course}-2026"
        log = Recorded()
        log.add(f"course/{course}", CourseCreated(course, said, _say(number + 5, 40)))
        log.add(f"run-content/{run_}", ContentVersionPublished(run_, 1, items))
        folding.take(log.envelopes)
        yield from folding.changes(0).documents["entry"].values()
        folding.written(0)


def _say(seed: int, words: int) -> str:
    return " ".join(
        VOCABULARY[(seed * 31 + n * n * 17 + n) % len(VOCABULARY)] for n in range(words)
    )


def _rates(
    store: PostgresStore, client: Elasticsearch, url: str, entries: Sequence[Entry], rounds: int
) -> dict[str, list[float]]:
    """Return documents a second of each way, by round. The first that we wrote stays, live."""
    actions = [
        {"_index": CLUSTER, "_id": entry.entry, "_source": msgspec.structs.asdict(entry)}
        for entry in entries
    ]

    def ours() -> None:
        of = Generation(SEARCH, store.create(SEARCH, "epoch").generation)
        documents = {(entry.entry,): entry for entry in entries}
        store.apply(of, 0, Changes(len(entries), {"entry": documents}))
        store.drop(SEARCH.name, of.number)

    def with_async_bulk() -> None:
        asyncio.run(_async_bulk(url, actions))

    def with_parallel_bulk() -> None:
        sent = parallel_bulk(client, actions, HELPER_THREADS, HELPER_ACTIONS)
        assert all(ok for ok, _ in sent)

    rates: dict[str, list[float]] = {"ours": [], "async_bulk": [], "parallel_bulk": []}
    for _ in range(rounds):
        rates["ours"].append(len(entries) / _seconds(ours))
        for name, work in (("async_bulk", with_async_bulk), ("parallel_bulk", with_parallel_bulk)):
            client.indices.create(
                index=CLUSTER,
                settings=mapping.settings(),
                mappings=mapping.mappings(SEARCH.documents[0], {}),
            )
            rates[name].append(len(entries) / _seconds(work))
            client.indices.refresh(index=CLUSTER)
            assert client.count(index=CLUSTER)["count"] == len(entries)
            client.indices.delete(index=CLUSTER)
    return rates


async def _async_bulk(url: str, actions: Sequence[dict[str, Any]]) -> None:
    async with AsyncElasticsearch(url) as client:
        _, errors = await async_bulk(client, actions, chunk_size=HELPER_ACTIONS)
        assert errors == []


def _seconds(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _record(dsn: str, position: int) -> None:
    """Have the position that the reading is at in the log, so that it has a time."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "insert into log.facts (position, recorded_at, version, stream, type, tenant, body)"
            " values (%s, now(), 1, 's', 't', 'main', '')",
            (position,),
        )


async def _ask(dsn: str, url: str, seconds: int) -> list[float]:
    """Return how many milliseconds each query took, counted from when it was due."""
    async with (
        query_client(url) as client,
        keeping_keys(dsn) as keys,
        storing(dsn) as store,
        querying(
            dsn,
            keys,
            store,
            lambda: True,
            lambda pool, _: ElasticsearchSearch(client, pool, CLUSTER),
        ) as reads,
    ):
        await _evenly(reads, WARM_SECONDS * QUERIES_PER_SECOND)
        return await _evenly(reads, seconds * QUERIES_PER_SECOND)


async def _evenly(reads: ReadDependencies, queries: int) -> list[float]:
    clock = asyncio.get_running_loop().time
    began = clock()

    async def one(number: int) -> float:
        due = began + number / QUERIES_PER_SECOND
        await asyncio.sleep(due - clock())
        words, kind = _query(number)
        found = await search.search(reads, DEVELOPMENT, words, kind=kind, limit=20)
        assert found.total > 0, words
        return (clock() - due) * 1_000

    return list(await asyncio.gather(*(one(number) for number in range(queries))))


def _query(number: int) -> tuple[str, str | None]:
    """Return what people type: words, a word that is not finished yet, an id, one kind only."""
    word = VOCABULARY[number % len(VOCABULARY)]
    match number % 4:
        case 0:
            return f"{word} assignment", None
        case 1:
            return word[: 2 + number % 3], None
        case 2:
            return f"C{number % 100:04}-i{number % ITEMS_PER_RUN}", None
        case _:
            return word, "item"
