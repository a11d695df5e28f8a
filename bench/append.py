"""How many facts a second get into the log, beside what one would use instead?

Beside it: the ``eventsourcing`` library's PostgreSQL recorder as it comes, with as many threads;
a binary COPY of ready-made rows in batches as large as there are writers (what PostgreSQL can do
at best with durable batches); and for a single writer a plain INSERT with its commit. One fact an
append; all on one server, fsync on, in alternating rounds.
"""

from __future__ import annotations

import asyncio
import itertools
import struct
import threading
import time
import uuid
from collections import defaultdict
from statistics import median

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.sql import SQL

from bench.report import Report, median_ratio
from bench.rig import BODY, new_fact, run, server
from commands.ports import Append, Appended
from domain.registry import Registry
from infra.engines.postgres import Postgres
from infra.log.postgres import PostgresLog

WRITERS = (1, 8, 64, 256)
GOALS = {
    "recorder_8": 7.0,
    "recorder_64": 20.0,
    "recorder_256": 30.0,
    "copy_8": 0.5,
    "copy_64": 0.35,
    "copy_256": 0.5,
    "insert_1": 1.0,
}
ROUNDS, ROUND_SECONDS, WARM_UP_SECONDS = 5, 2.0, 0.3
QUICK_ROUNDS, QUICK_ROUND_SECONDS = 3, 0.7
LIBRARY_POOL_SIZE, LIBRARY_MAX_OVERFLOW = 5, 10
"""As the library's factory has them (POSTGRES_POOL_SIZE, POSTGRES_MAX_OVERFLOW)."""
COPY_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)

_names = itertools.count()


def measure(*, quick: bool) -> Report:
    """Run the rounds and report medians."""
    rounds, seconds = (QUICK_ROUNDS, QUICK_ROUND_SECONDS) if quick else (ROUNDS, ROUND_SECONDS)
    rates: dict[str, list[float]] = defaultdict(list)
    with server() as postgres:
        recorder = _recorder(postgres)
        _make_tables(postgres)
        for _ in range(rounds):
            for writers in WRITERS:
                rates[f"ours_{writers}"].append(run(rate(postgres.dsn, writers, seconds)))
                if writers == 1:
                    rates["insert_1"].append(_plain_insert(postgres.dsn, seconds))
                else:
                    rates[f"copy_{writers}"].append(_copy(postgres.dsn, writers, seconds))
                rates[f"recorder_{writers}"].append(_library(recorder, writers, seconds))
        recorder.datastore.close()
    ratios = {
        name: median_ratio(rates[f"ours_{name.rpartition('_')[2]}"], theirs)
        for name, theirs in sorted(rates.items())
        if not name.startswith("ours")
    }
    figures = {f"{name}_per_second": median(values) for name, values in sorted(rates.items())}
    return Report("append", ratios, GOALS, figures)


async def rate(dsn: str, writers: int, seconds: float) -> float:
    """Return the appends a second of concurrent writers, each waiting for its own."""
    done = 0
    begin = float("inf")
    end = float("inf")

    async def write(log: PostgresLog, stream: str) -> None:
        nonlocal done
        version = 0
        while (now := time.perf_counter()) < end:
            version += 1
            outcome = await log.submit(Append((new_fact(stream, version),)))
            assert isinstance(outcome, Appended)
            if now >= begin:
                done += 1

    async with PostgresLog(dsn, Registry(())) as log:
        begin = time.perf_counter() + WARM_UP_SECONDS
        end = begin + seconds
        await asyncio.gather(
            *(write(log, f"main/enrolment/bench/{next(_names)}") for _ in range(writers))
        )
    return done / seconds


def _recorder(postgres: Postgres) -> PostgresApplicationRecorder:
    datastore = PostgresDatastore(
        dbname="registrar",
        host=postgres.dsn.rpartition("host=")[2].replace("%2F", "/"),
        port="5432",
        user="registrar",
        password="",
        pool_size=LIBRARY_POOL_SIZE,
        max_overflow=LIBRARY_MAX_OVERFLOW,
        connect_timeout=30,
    )
    recorder = PostgresApplicationRecorder(datastore, events_table_name="library_events")
    recorder.create_table()
    return recorder


def _library(recorder: PostgresApplicationRecorder, writers: int, seconds: float) -> float:
    """The library's recorder, as many threads, its connection pool as it comes."""
    counts = [0] * writers
    begin = time.perf_counter() + WARM_UP_SECONDS
    end = begin + seconds

    def write(number: int) -> None:
        originator, version = uuid.uuid4(), 0
        while (now := time.perf_counter()) < end:
            version += 1
            recorder.insert_events([StoredEvent(originator, version, "bench:Submitted", BODY)])
            if now >= begin:
                counts[number] += 1

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def _make_tables(postgres: Postgres) -> None:
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        for table in ("bench_copy", "bench_insert"):
            connection.execute(SQL(f"create table {table} (like log.facts including all)"))


def _field(value: bytes) -> bytes:
    return struct.pack("!i", len(value)) + value


def _rows(first_position: int, count: int) -> bytes:
    """Ready-made rows of log.facts in COPY's binary format."""
    stream = f"main/enrolment/bench/{next(_names)}".encode()
    rows = [
        struct.pack("!h", 8)
        + _field(struct.pack("!q", first_position + n))
        + _field(struct.pack("!q", 0))
        + _field(struct.pack("!i", 1))
        + _field(stream + b"-%d" % n)
        + _field(b"SubmissionReceived")
        + _field(b"main")
        + _field(b"oulad-0000000")
        + _field(BODY)
        for n in range(count)
    ]
    return COPY_SIGNATURE + b"".join(rows) + struct.pack("!h", -1)


def _copy(dsn: str, batch: int, seconds: float) -> float:
    """Raw binary COPY, a transaction a batch; making the rows is not counted."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute("select coalesce(max(position), 0) from bench_copy").fetchone()
        position = int(row[0]) + 1 if row else 1
        done, spent = 0, 0.0
        warm = WARM_UP_SECONDS
        while spent < seconds:
            rows = _rows(position, batch)
            begin = time.perf_counter()
            with connection.cursor().copy("copy bench_copy from stdin (format binary)") as copy:
                copy.write(rows)
            took = time.perf_counter() - begin
            position += batch
            if warm > 0:
                warm -= took
            else:
                spent += took
                done += batch
    return done / spent


def _plain_insert(dsn: str, seconds: float) -> float:
    """One writer: execute an INSERT and commit it."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select coalesce(max(position), 0) from bench_insert").fetchone()
        position = int(row[0]) + 1 if row else 1
        connection.commit()
        stream, version, done = f"main/enrolment/bench/{next(_names)}", 0, 0
        begin = time.perf_counter() + WARM_UP_SECONDS
        while (now := time.perf_counter()) < begin + seconds:
            version += 1
            connection.execute(
                "insert into bench_insert values (%s, now(), %s, %s, %s, %s, %s, %s)",
                (position, version, stream, "SubmissionReceived", "main", "oulad-0000000", BODY),
            )
            connection.commit()
            position += 1
            if now >= begin:
                done += 1
    return done / seconds
