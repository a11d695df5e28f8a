"""What do events with tags cost in the log, and what do they cost everybody else?

Appends of one event with two tags, free and on condition, beside the ``eventsourcing`` library's
own PostgreSQL store for them; and ordinary appends with what the migration for the library added
to the log, beside the log without it. One server, fsync on, in alternating rounds.
"""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import median

import psycopg
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem, DCBRecorder
from eventsourcing.dcb.postgres_tt import PostgresTTDCBFactory
from eventsourcing.utils import Environment

from bench.append import rate
from bench.report import Report, median_ratio
from bench.rig import run, server
from infra.log.recorder import TaggedLogFactory

ROUNDS, ROUND_SECONDS = 7, 3.0
QUICK_ROUNDS, QUICK_ROUND_SECONDS = 3, 1.5
WRITERS = 64
THREADS = 8
GOALS = {"append_with_and_without": 0.97}
_INDEX = (
    "create index facts_of_aggregates on log.facts (position)"
    " where stream >= 'main/aggregate/' and stream < 'main/aggregate0'"
)
_numbers = itertools.count()


def measure(*, quick: bool) -> Report:
    """Run the rounds and report medians."""
    rounds, seconds = (QUICK_ROUNDS, QUICK_ROUND_SECONDS) if quick else (ROUNDS, ROUND_SECONDS)
    rates: dict[str, list[float]] = defaultdict(list)
    with server() as postgres:
        env = Environment("bench", _environment(postgres.dsn))
        ours, library = TaggedLogFactory(env), PostgresTTDCBFactory(env)
        recorders = {"ours": ours.dcb_recorder(), "library": library.dcb_recorder()}
        for number in range(rounds):
            for name, one in recorders.items():
                rates[f"free_{name}"].append(_threads(partial(_free, one), seconds))
                rates[f"conditional_{name}"].append(_threads(partial(_conditional, one), seconds))
            for kind in ("with", "without") if number % 2 else ("without", "with"):
                if kind == "without":
                    _execute(postgres.dsn, "drop index log.facts_of_aggregates")
                rates[f"append_{kind}"].append(run(rate(postgres.dsn, WRITERS, seconds)))
                if kind == "without":
                    _execute(postgres.dsn, _INDEX)
        ours.close()
        library.close()
    ratios = {
        "append_with_and_without": median_ratio(rates["append_with"], rates["append_without"]),
        "free": median_ratio(rates["free_ours"], rates["free_library"]),
        "conditional": median_ratio(rates["conditional_ours"], rates["conditional_library"]),
    }
    figures = {f"{name}_per_second": median(values) for name, values in sorted(rates.items())}
    return Report("tagged", ratios, GOALS, figures)


def _free(one: DCBRecorder) -> None:
    number = next(_numbers)
    one.append([DCBEvent("Noted", b"{}", [f"student-{number}", f"course-{number % 100}"])])


def _conditional(one: DCBRecorder) -> None:
    """Something that may be there once, as a registration."""
    tag = f"once-{next(_numbers)}"
    query = DCBQuery([DCBQueryItem(types=["Registered"], tags=[tag])])
    one.append([DCBEvent("Registered", b"{}", [tag, "everyone"])], DCBAppendCondition(query))


def _threads(work: Callable[[], None], seconds: float) -> float:
    end = time.perf_counter() + seconds

    def repeat(_: int) -> int:
        done = 0
        while time.perf_counter() < end:
            work()
            done += 1
        return done

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(repeat, range(THREADS))) / seconds


def _execute(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode())


def _environment(dsn: str) -> dict[str, str]:
    return {
        "POSTGRES_DBNAME": "registrar",
        "POSTGRES_HOST": dsn.rpartition("host=")[2].replace("%2F", "/"),
        "POSTGRES_PORT": "5432",
        "POSTGRES_USER": "registrar",
        "POSTGRES_PASSWORD": "none",
        "POSTGRES_POOL_SIZE": str(THREADS),
    }
