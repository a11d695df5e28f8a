"""How long does it take to read the whole log again into all readings, in one process?"""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from itertools import islice

from bench.projection_runner import library_rate
from bench.report import Report
from bench.rig import server
from bench.university import envelopes, load
from domain.streams import REGISTRY
from infra.log.reader import PostgresLogReader
from infra.stores.postgres import PostgresStore
from projections.batch import Folding
from projections.decoding import Taken, decode
from projections.ports import Generation
from projections.reading import Reading
from projections.register import READINGS
from streams.runner.runner import PAGE_FACTS_MAX, Runner

FACTS = 1_000_000
FACTS_QUICK = 100_000
STAGED_FACTS = 50_000
"""Facts that each stage and each reading is measured alone with."""
LIBRARY_FACTS = 3_000
LIBRARY_FACTS_QUICK = 500
SECONDS_PER_MILLION_MAX = 60.0


def measure(quick: bool) -> Report:
    """Rebuild all readings at once, then each stage and each reading alone, then the library."""
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)  # as the server does
    count = FACTS_QUICK if quick else FACTS
    with server() as postgres:
        load(postgres.dsn, count)
        seconds = _rebuild(postgres.dsn)
        figures = {
            "facts": float(count),
            "seconds": seconds,
            "seconds_per_million": seconds * 1_000_000 / count,
            "facts_per_s": count / seconds,
        }
        figures |= _stages(postgres.dsn)
        sample = LIBRARY_FACTS_QUICK if quick else LIBRARY_FACTS
        library = library_rate(postgres.dsn, list(islice(envelopes(count), sample)))
    figures["library_one_reading_facts_per_s"] = library
    return Report(
        "rebuild",
        {"all_readings_to_library_one": count / seconds / library},
        {},
        figures,
        {"seconds_per_million": SECONDS_PER_MILLION_MAX},
    )


def _rebuild(dsn: str) -> float:
    """Return the seconds until every reading is rebuilt from an older version, and live."""
    store, log = PostgresStore(dsn), PostgresLogReader(dsn)
    for reading in READINGS:
        store.create(reading._replace(version=0), log.epoch())
    runner = Runner(log, store, store, READINGS, REGISTRY)
    begun = time.perf_counter()
    runner.run_until_idle()
    seconds = time.perf_counter() - begun
    runner.stop()
    log.close()
    store.close()
    return seconds


def _stages(dsn: str) -> dict[str, float]:
    """Return facts per second of each stage, and of folding and writing each reading alone."""
    log, store = PostgresLogReader(dsn), PostgresStore(dsn)
    wanted = frozenset().union(*(reading.facts for reading in READINGS))
    begun = time.perf_counter()
    pages = [log.page(at, PAGE_FACTS_MAX) for at in range(0, STAGED_FACTS, PAGE_FACTS_MAX)]
    read = time.perf_counter()
    taken = [decode(page, REGISTRY, wanted) for page in pages]
    decoded = time.perf_counter()
    figures = {
        "read_facts_per_s": STAGED_FACTS / (read - begun),
        "decode_facts_per_s": STAGED_FACTS / (decoded - read),
    }
    for reading in READINGS:
        folded, written = _alone(store, reading._replace(name=f"alone_{reading.name}"), taken)
        figures[f"{reading.name}_fold_facts_per_s"] = STAGED_FACTS / folded
        figures[f"{reading.name}_write_facts_per_s"] = STAGED_FACTS / written
    store.close()
    log.close()
    return figures


def _alone(
    store: PostgresStore, reading: Reading, pages: Sequence[Sequence[Taken]]
) -> tuple[float, float]:
    """Return the seconds of folding and of writing (with the sums) one reading."""
    of = Generation(
        reading._replace(views=()), store.create(reading._replace(views=()), "").generation
    )
    folding = Folding(reading, lambda _kind, _keys: {}, [], complete=True)
    begun = time.perf_counter()
    for page in pages:
        folding.take(page)
    folded = time.perf_counter()
    store.apply(of, 0, folding.changes(STAGED_FACTS))
    return folded - begun, time.perf_counter() - folded
