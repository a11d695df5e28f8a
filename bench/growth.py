"""Does the log cost the same when it is large: to append, to read by stream and by position?

A small log and a large one lie in one server, as terms fill them: in each term some thousand
streams, a round of facts on all of them after another. A third one is as small as the first and in
parts (registrar log part). They are measured in turns.
"""

from __future__ import annotations

import random
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from statistics import median

import psycopg

from bench.append import rate
from bench.report import Report, median_ratio
from bench.rig import BODY, run, server
from domain.streams import REGISTRY
from infra.log.parts import begin_part
from infra.log.postgres import PostgresLog
from infra.log.reader import PostgresLogReader
from infra.migrations import migrate

SMALL, LARGE = 1_000_000, 50_000_000
QUICK_SMALL, QUICK_LARGE = 250_000, 1_000_000
FACT_BYTES = 1_000
"""On the disk, with its indexes; as much again for the write-ahead log and what else happens."""
PARTS = 5
STREAMS, VERSIONS = 2_000, 30
"""Streams of a term, and facts of each stream."""
WRITERS, ROUNDS, ROUND_SECONDS = 64, 7, 2.0
QUICK_ROUNDS, QUICK_ROUND_SECONDS = 3, 0.7
STREAMS_READ, PAGES_READ, PAGE_FACTS = 300, 20, 5_000
COPIED_FACTS = 100_000
KINDS = ("append", "stream", "page")
GOALS = {"append_large": 0.9, "stream_large": 0.8, "page_large": 0.8}
QUICK_GOALS = {"append_large": 0.9}
"""How much of a small log lies in PostgreSQL's own memory decides how fast it is read."""
COPY = (
    "copy log.facts (position, recorded_at, version, stream, type, tenant, subject, body)"
    " from stdin"
)

Rates = defaultdict[str, list[float]]


def measure(*, quick: bool) -> Report:
    """Load, measure in turns, and report the ratios to the small log: how fast the other is."""
    small, large = (QUICK_SMALL, QUICK_LARGE) if quick else (SMALL, _that_fit(LARGE))
    rounds = QUICK_ROUNDS if quick else ROUNDS
    seconds = QUICK_ROUND_SECONDS if quick else ROUND_SECONDS
    rates: dict[str, Rates] = {}
    with server() as postgres:
        sizes = {"small": (small, 1), "large": (large, 1), "parts": (small, PARTS)}
        for name, (count, parts) in sizes.items():
            with psycopg.connect(postgres.dsn, autocommit=True) as connection:
                connection.execute(f"create database {name}")
            migrate(postgres.address(name))
            _load(postgres.address(name), count, parts)
            rates[name] = defaultdict(list)
        for _ in range(rounds):
            for name, (count, _parts) in sizes.items():
                _measure(postgres.address(name), count, seconds, rates[name])
    ratios = {
        f"{kind}_{name}": median_ratio(rates[name][kind], rates["small"][kind])
        for name in ("large", "parts")
        for kind in KINDS
    }
    figures = {"facts_small": float(small), "facts_large": float(large), "parts": float(PARTS)}
    for name, of_kinds in rates.items():
        figures |= {f"{kind}_{name}_per_s": median(of_kinds[kind]) for kind in KINDS}
    return Report("growth", ratios, QUICK_GOALS if quick else GOALS, figures)


def _that_fit(wanted: int) -> int:
    return min(wanted, shutil.disk_usage("/tmp").free // (2 * FACT_BYTES))  # noqa: S108


def _rows() -> Iterator[bytes]:
    """Yield the facts of one term after another, as COPY takes them."""
    position = 0
    while True:
        term = position // (STREAMS * VERSIONS)
        for version in range(1, VERSIONS + 1):
            for number in range(STREAMS):
                position += 1
                yield b"%d\t2020-01-01 00:00:00+00\t%d\t%s\tSubmissionReceived\tmain\ts\t%s\n" % (
                    position,
                    version,
                    _stream(term, number).encode(),
                    BODY,
                )


def _stream(term: int, number: int) -> str:
    return f"main/enrolment/T{term:05}/s{number}"


def _load(dsn: str, count: int, parts: int) -> None:
    """Fill an empty log with so many facts, in so many parts."""
    rows, loaded = _rows(), 0
    for number in range(1, parts + 1):
        with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
            while loaded < count * number // parts:
                page = min(COPIED_FACTS, count * number // parts - loaded)
                with cursor.copy(COPY) as copy:
                    copy.write(b"".join(islice(rows, page)))
                connection.commit()
                loaded += page
        if number < parts:
            begin_part(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")


def _measure(dsn: str, count: int, seconds: float, rates: Rates) -> None:
    """Appends, streams and pages a second; others every time."""
    chance = random.Random(f"{dsn} {len(rates['append'])}")  # noqa: S311
    rates["append"].append(run(rate(dsn, WRITERS, seconds)))
    terms = max(1, count // (STREAMS * VERSIONS))
    names = [
        _stream(chance.randrange(terms), chance.randrange(STREAMS)) for _ in range(STREAMS_READ)
    ]
    rates["stream"].append(run(_streams(dsn, names)))
    reader = PostgresLogReader(dsn)
    begins = [chance.randrange(count - PAGE_FACTS) for _ in range(PAGES_READ)]
    began = time.perf_counter()
    for begin in begins:
        assert len(reader.page(begin, PAGE_FACTS)) == PAGE_FACTS
    rates["page"].append(PAGES_READ / (time.perf_counter() - began))
    reader.close()


async def _streams(dsn: str, names: list[str]) -> float:
    async with PostgresLog(dsn, REGISTRY) as log:
        began = time.perf_counter()
        for name in names:
            await log.read_streams({name: 0})
        return len(names) / (time.perf_counter() - began)
