"""How soon is something found among 100,000 courses and items, and how fast do they get in there?

Elasticsearch as the cluster has it. What is asked goes the whole way of a query of the read API but
for HTTP: where the reading stands in PostgreSQL, the search, and when that position was recorded.
Documents go in as a rebuild writes them, beside the client's own helpers, each timed until all can
be found. A new JVM compiles its code while it runs: a first round of each is not counted, nor are
the first 4,000 queries, but for what the very first took (``query_cold_…``).
"""

from __future__ import annotations

import asyncio
import itertools
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
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
from infra.compose.parts import querying, storing
from infra.engines import elasticsearch as engine
from infra.keys.memory import MemoryKeys
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
ROUNDS = 3
HELPER_ACTIONS = 2_000
HELPER_THREADS = 2
QUERIES_PER_SECOND = 100
SECONDS, SECONDS_QUICK = 10, 5
WARM_ENTRIES = 20_000
WARM_QUERIES = 4_000
COLD_QUERIES = 100
"""The first ones, one after another, of an engine that never searched before."""
P99_MS_MAX = 30.0
WORDS = (
    "basalt granite shale quartz marble slate chalk flint gneiss schist pumice obsidian "
    "history grammar algebra poetry botany optics logic ethics rhetoric geometry music drama "
    "introduction advanced essay lecture seminar workshop reading revision assignment quiz week"
)
VOCABULARY = (*WORDS.split(), *("".join(two) for two in itertools.permutations(WORDS.split(), 2)))
COMMONNESS = tuple(1 / rank for rank in range(1, len(VOCABULARY) + 1))
"""By Zipf's law, as words are in what people write and search for: a few are nearly everywhere, and
most are rare."""

Action = dict[str, Any]
Way = Callable[[Sequence[Entry]], float]
"""Writes entries, and says how many seconds it took until they could be found."""


def measure(*, quick: bool) -> Report:
    """Index everything several times, then ask at an even rate."""
    count = ENTRIES_QUICK if quick else ENTRIES
    entries = list(itertools.islice(_entries(), count))
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="registrar-bench-")))
        url = held.enter_context(engine.Elasticsearch(folder / "elasticsearch", lasting=True)).url
        dsn = held.enter_context(server()).dsn
        client = held.enter_context(closing(store_client(url)))
        shelf = ElasticsearchShelf(client, CLUSTER)
        store = held.enter_context(closing(PostgresStore(dsn, {SEARCH.name: shelf})))
        rates = _rates(store, client, url, entries, ROUNDS)
        _record(dsn, len(entries))
        seconds = SECONDS_QUICK if quick else SECONDS
        cold, took = run(_ask(dsn, url, seconds))
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
            "query_cold_p50_ms": median(cold),
            "query_cold_max_ms": max(cold),
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
            Item(
                f"{course}-i{n}",
                "assignment",
                _say(1_000 * (number + 1) + n, 4),
                module=f"Week {n % 12}",
            )
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
    return " ".join(random.Random(seed).choices(VOCABULARY, COMMONNESS, k=words))  # noqa: S311


def _rates(
    store: PostgresStore, client: Elasticsearch, url: str, entries: Sequence[Entry], rounds: int
) -> dict[str, list[float]]:
    """Return documents a second of each way, by round. The last that we wrote are live."""
    store.create(SEARCH, "epoch")
    ways: dict[str, Way] = {
        "ours": partial(_ours, store),
        "async_bulk": partial(_helper, client, lambda some: asyncio.run(_async_bulk(url, some))),
        "parallel_bulk": partial(_helper, client, partial(_parallel_bulk, client)),
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for work in ways.values():
        work(entries[:WARM_ENTRIES])
    for number in range(rounds):
        names = list(ways)[number % len(ways) :] + list(ways)[: number % len(ways)]
        for name in names:
            rates[name].append(len(entries) / ways[name](entries))
    return rates


def _ours(store: PostgresStore, entries: Sequence[Entry]) -> float:
    of = Generation(SEARCH, store.create(SEARCH, "epoch").generation)
    documents = {(DEVELOPMENT.tenant, entry.entry): entry for entry in entries}
    begun = time.perf_counter()
    store.apply(of, 0, Changes(len(entries), {"entry": documents}))
    store.promote(of)
    took = time.perf_counter() - begun
    store.sweep(SEARCH.name)
    return took


def _helper(
    client: Elasticsearch, send: Callable[[Sequence[Action]], None], entries: Sequence[Entry]
) -> float:
    actions = [
        {"_index": CLUSTER, "_id": entry.entry, "_source": msgspec.structs.asdict(entry)}
        for entry in entries
    ]
    client.indices.create(
        index=CLUSTER,
        settings=mapping.settings(),
        mappings=mapping.mappings(SEARCH.documents[0], {}),
    )
    begun = time.perf_counter()
    send(actions)
    client.indices.refresh(index=CLUSTER)
    took = time.perf_counter() - begun
    assert client.count(index=CLUSTER)["count"] == len(entries)
    client.indices.delete(index=CLUSTER)
    return took


def _parallel_bulk(client: Elasticsearch, actions: Sequence[Action]) -> None:
    sent = parallel_bulk(client, actions, HELPER_THREADS, HELPER_ACTIONS)
    assert all(ok for ok, _ in sent)


async def _async_bulk(url: str, actions: Sequence[Action]) -> None:
    async with AsyncElasticsearch(url) as client:
        _, errors = await async_bulk(client, actions, chunk_size=HELPER_ACTIONS)
        assert errors == []


def _record(dsn: str, position: int) -> None:
    """Have the position that the reading is at in the log, so that it has a time."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "insert into log.facts (position, recorded_at, version, stream, type, tenant, body)"
            " values (%s, now(), 1, 's', 't', 'main', '')",
            (position,),
        )


async def _ask(dsn: str, url: str, seconds: int) -> tuple[list[float], list[float]]:
    """Return how many milliseconds each query took: the first ones, and those at an even rate."""
    async with (
        query_client(url) as client,
        storing(dsn) as store,
        querying(
            dsn,
            MemoryKeys(),
            store,
            lambda: True,
            lambda pool, _: ElasticsearchSearch(client, pool, CLUSTER),
        ) as reads,
    ):
        cold = await _one_by_one(reads)
        return cold[:COLD_QUERIES], await _evenly(reads, seconds * QUERIES_PER_SECOND)


async def _one_by_one(reads: ReadDependencies) -> list[float]:
    clock = asyncio.get_running_loop().time
    took: list[float] = []
    for number in range(WARM_QUERIES):
        begun = clock()
        await _search(reads, number)
        took.append((clock() - begun) * 1_000)
    return took


async def _evenly(reads: ReadDependencies, queries: int) -> list[float]:
    """Ask at an even rate. A query's time is counted from when it was due."""
    clock = asyncio.get_running_loop().time
    began = clock()

    async def one(number: int) -> float:
        due = began + number / QUERIES_PER_SECOND
        await asyncio.sleep(due - clock())
        await _search(reads, number)
        return (clock() - due) * 1_000

    return list(await asyncio.gather(*(one(number) for number in range(queries))))


async def _search(reads: ReadDependencies, number: int) -> None:
    words, kind = _query(number)
    found = await search.search(reads, DEVELOPMENT, words, kind=kind, limit=20)
    assert found.total > 0, words


def _query(number: int) -> tuple[str, str | None]:
    """Return what people type: words, a word that is not finished yet, an id, one kind only."""
    word = _say(number, 1)
    match number % 4:
        case 0:
            return f"{word} assignment", None
        case 1:
            return word[: 2 + number % 3], None
        case 2:
            return f"C{number % 100:04}-i{number % ITEMS_PER_RUN}", None
        case _:
            return word, "item"
